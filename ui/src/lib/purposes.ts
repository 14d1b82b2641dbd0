/** What records are kept and looked at for, as source files and look-ups name it. The core holds the same list. */
export const purposes = [
  { id: "security-investigation", title: "Investigating a security incident" },
  { id: "compliance-review", title: "Reviewing compliance and audit evidence" },
  { id: "device-management", title: "Managing devices and their lifecycle" },
  { id: "service-operation", title: "Operating and restoring the service" },
] as const;

/** What is chosen until somebody chooses. */
export const usualPurpose: string = purposes[0].id;
