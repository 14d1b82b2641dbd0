import { describe, expect, it } from "vitest";
import { meant, meantText, seen, shown, shownText } from "./seen";

const HOSTILE =
  "x\u001b[2J\u0007\u009b\r\u202e\u2066\u200f\u061c\u2028\u200b\ufeff\u{e0041}\u00ad\ufe0f\u3164";

describe("texts of strangers", () => {
  it("act in nothing that is drawn", () => {
    expect(shownText(HOSTILE)).toMatch(/^x(⟦U\+[0-9A-F]{4,6}⟧|\[2J)+$/u);
    expect(shownText(HOSTILE)).toContain("⟦U+202E⟧");
    expect(shownText(HOSTILE)).toContain("⟦U+E0041⟧");
    expect(shownText("a\n\tb é 漢字 עברית ✓ 🙂")).toBe("a\n\tb é 漢字 עברית ✓ 🙂");
  });

  it("are handed back as what they were", () => {
    for (const text of [HOSTILE, "⟦U+202E⟧", "⟦⟦U+202E⟧ ⟦U+27E6⟧", "⟦U+0041⟧", "plain ⟦", "⟦U+202E"]) {
      expect(meantText(shownText(text))).toBe(text);
    }
    // What was typed and is no such character stays.
    expect(meantText("⟦U+0041⟧ ⟦U+FFFFFF⟧")).toBe("⟦U+0041⟧ ⟦U+FFFFFF⟧");
  });

  it("are seen to everywhere in an answer, and in errors", async () => {
    const given: unknown[] = [];
    const commands = seen({
      verify: async (path: string) => {
        given.push(path);
        return { file: path, lines: [{ "role\u202e": HOSTILE, count: 2, none: null }] };
      },
      fail: async (_: string) => {
        throw { code: "failed", message: HOSTILE, hint: "" };
      },
    });
    const path = `/in/${HOSTILE}`;
    const answer = await commands.verify(shown(path));
    expect(given).toEqual([path]);
    expect(JSON.stringify(answer)).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(answer.lines[0]).toMatchObject({ count: 2, none: null });
    expect(meant(answer.file)).toBe(path);
    await expect(commands.fail("")).rejects.toEqual({
      code: "failed",
      message: shownText(HOSTILE),
      hint: "",
    });
  });
});
