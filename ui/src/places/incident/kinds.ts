/** How a kind of timeline entry is drawn; the word stands beside it everywhere but in the drawing. */
export const kindMarks: Record<string, { glyph: string; plural: string; shape: string }> = {
  evidence: { glyph: "●", plural: "evidence", shape: "M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0" },
  fact: { glyph: "■", plural: "facts", shape: "M-4,-4h8v8h-8z" },
  inference: { glyph: "◇", plural: "inferences", shape: "M0,-5.5L5.5,0L0,5.5L-5.5,0z" },
  decision: { glyph: "◆", plural: "decisions", shape: "M0,-5.5L5.5,0L0,5.5L-5.5,0z" },
};

export function kindMark(kind: string) {
  return kindMarks[kind] ?? { glyph: "·", plural: kind, shape: "M-2,0a2,2 0 1,0 4,0a2,2 0 1,0 -4,0" };
}
