/** Every verdict is a word with a glyph; colour only supports. The words themselves come from the Rust side. */

export type Tone = "good" | "note" | "warn" | "bad" | "none";

export interface Mark {
  glyph: string;
  tone: Tone;
}

const marks: Record<string, Mark> = {
  // Assurance
  "source-anchored": { glyph: "◆", tone: "good" },
  "custodian-attested": { glyph: "◇", tone: "note" },
  "hash-matched": { glyph: "○", tone: "warn" },
  unproven: { glyph: "·", tone: "none" },
  // Continuity
  extends: { glyph: "◆", tone: "good" },
  covered: { glyph: "■", tone: "good" },
  "older copy": { glyph: "◇", tone: "note" },
  overlap: { glyph: "◇", tone: "note" },
  gap: { glyph: "□", tone: "warn" },
  bridged: { glyph: "⊟", tone: "warn" },
  fork: { glyph: "⋎", tone: "bad" },
  unlinked: { glyph: "○", tone: "warn" },
  pending: { glyph: "◔", tone: "note" },
  silent: { glyph: "▨", tone: "warn" },
  unknown: { glyph: "┄", tone: "none" },
  contradiction: { glyph: "▲", tone: "bad" },
  // A CloudTrail trail as a whole
  verified: { glyph: "◆", tone: "good" },
  incomplete: { glyph: "◐", tone: "warn" },
  // Gates
  met: { glyph: "✓", tone: "good" },
  waived: { glyph: "△", tone: "warn" },
  open: { glyph: "○", tone: "bad" },
  // Clocks
  running: { glyph: "◷", tone: "warn" },
  overdue: { glyph: "▲", tone: "bad" },
  "not started": { glyph: "·", tone: "none" },
  // Verification lines
  ok: { glyph: "✓", tone: "good" },
  failed: { glyph: "✕", tone: "bad" },
  "not attested": { glyph: "·", tone: "none" },
  "not trusted": { glyph: "○", tone: "warn" },
  // Relations of a mapping
  supports: { glyph: "●", tone: "good" },
  partially: { glyph: "◐", tone: "note" },
  contradicts: { glyph: "✕", tone: "bad" },
  context: { glyph: "·", tone: "none" },
  // Severity
  critical: { glyph: "▲", tone: "bad" },
  high: { glyph: "▲", tone: "bad" },
  medium: { glyph: "◆", tone: "warn" },
  low: { glyph: "·", tone: "none" },
  // Imports and fields of a packet
  imported: { glyph: "✓", tone: "good" },
  "already imported": { glyph: "◇", tone: "note" },
  admitted: { glyph: "△", tone: "warn" },
  quarantined: { glyph: "✕", tone: "bad" },
  disclosed: { glyph: "●", tone: "warn" },
  handle: { glyph: "◇", tone: "note" },
  withheld: { glyph: "▨", tone: "none" },
  done: { glyph: "✓", tone: "good" },
  cancelled: { glyph: "·", tone: "none" },
};

/** Glyph and tone of a word, or of a sentence that begins with one (`gap 41,020 to 41,977`). */
export function markOf(words: string): Mark {
  const text = words.trim().toLowerCase();
  const exact = marks[text];
  if (exact) return exact;
  let best = "";
  for (const word of Object.keys(marks)) {
    if (word.length > best.length && text.startsWith(word) && !/[a-z-]/.test(text.charAt(word.length)))
      best = word;
  }
  return marks[best] ?? { glyph: "·", tone: "none" };
}
