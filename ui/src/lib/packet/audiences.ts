/** For whom a packet can be written, and how that is called. */
export const audiences = [
  { value: "internal-audit", title: "Internal audit" },
  { value: "outside", title: "Outside" },
] as const;

/** An audience as people call it; one that is not known here as it is written. */
export const audienceTitle = (value: string): string =>
  audiences.find((audience) => audience.value === value)?.title ?? value;
