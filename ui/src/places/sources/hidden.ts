import type { HiddenPathView } from "$lib/ipc";

/** A prefix of hidden paths with what is below it, or a path itself. */
export interface Branch {
  path: string;
  name: string;
  /** -1 is the system itself. */
  level: number;
  /** Hidden paths in it. */
  paths: number;
  /** The most records that one of its paths has. */
  records: number;
  /** Narrowest type that its values fit; nothing where it is only a prefix. */
  fits: string;
  branches: Map<string, Branch>;
}

/** One line of the tree: a branch, or what of a branch is not drawn yet. */
export interface Line {
  branch: Branch;
  level: number;
  /** How many of its branches are drawn and how many there are; null on the line of the branch itself. */
  rest: { shown: number; total: number } | null;
}

function branch(path: string, name: string, level: number): Branch {
  return { path, name, level, paths: 0, records: 0, fits: "", branches: new Map() };
}

/** The tree of a system's paths. */
export function treeOf(paths: readonly HiddenPathView[]): Branch {
  const root = branch("", "", -1);
  for (const one of paths) {
    let at = root;
    for (const name of one.path.split("/").slice(1)) {
      let next = at.branches.get(name);
      if (!next) {
        next = branch(`${at.path}/${name}`, name, at.level + 1);
        at.branches.set(name, next);
      }
      next.paths += 1;
      next.records = Math.max(next.records, one.records);
      at = next;
    }
    at.fits = one.fits;
  }
  return root;
}

/** The lines of what is open, of each branch no more than are to be drawn. */
export function linesOf(
  root: Branch,
  isOpen: (path: string) => boolean,
  shownOf: (path: string) => number,
): Line[] {
  const lines: Line[] = [];
  const draw = (of: Branch) => {
    const [shown, total] = [shownOf(of.path), of.branches.size];
    let drawn = 0;
    for (const each of of.branches.values()) {
      if (drawn === shown) break;
      drawn += 1;
      lines.push({ branch: each, level: each.level, rest: null });
      if (each.branches.size && isOpen(each.path)) draw(each);
    }
    if (shown < total) lines.push({ branch: of, level: of.level + 1, rest: { shown, total } });
  };
  draw(root);
  return lines;
}
