/** Pieces of a query line for tinting; the pieces joined are the text again. */
export interface QueryPiece {
  text: string;
  kind: "field" | "operator" | "quoted" | "plain";
}

const pattern =
  /("[^"]*"?)|(?<![^\s(])(AND|OR|NOT)(?=[\s()]|$)|(?<![^\s(-])((?:[a-z_]+|\/[^\s:()]+):)|[\s()]+|[^\s"()]+/g;

export function queryPieces(query: string): QueryPiece[] {
  const pieces: QueryPiece[] = [];
  let end = 0;
  const plain = (text: string) => text && pieces.push({ text, kind: "plain" });
  for (const match of query.matchAll(pattern)) {
    plain(query.slice(end, match.index));
    const [text, quoted, operator, field] = match;
    end = match.index + text.length;
    if (quoted) pieces.push({ text, kind: "quoted" });
    else if (operator) pieces.push({ text, kind: "operator" });
    else if (field) pieces.push({ text, kind: "field" });
    else plain(text);
  }
  plain(query.slice(end));
  return pieces;
}
