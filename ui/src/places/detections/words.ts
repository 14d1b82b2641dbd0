/** Titles of the kinds of detections. */
export function kindTitle(kind: string): string {
  switch (kind) {
    case "contradiction":
      return "Lifecycle";
    case "across":
      return "Across systems";
    case "retold":
      return "Told in two ways";
    case "exposure":
      return "Content exposure";
    default:
      return kind;
  }
}
