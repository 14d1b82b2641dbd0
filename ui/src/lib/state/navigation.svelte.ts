/** The places there are, by name. The registry of places adds them: nothing in here knows one. */
export interface Places {}

export type Place = keyof Places;

/** Where the window is: a place, an optional thing in it, and what to point at there. */
export interface Route {
  place: Place;
  /** Such as the id of an incident. */
  id: string | null;
  /** Such as `{ field: "detection.origin" }`. */
  params: Record<string, string>;
}

/** What an address says; the first place where it names none of them. */
export function parseRoute(hash: string, places: readonly Place[]): Route {
  const [path = "", search = ""] = hash.replace(/^#?\/?/, "").split("?", 2);
  const [name = "", id = ""] = path.split("/", 2);
  const place = places.find((each) => each === name) ?? places[0];
  if (!place) throw new Error("a window without places");
  return {
    place,
    id: id && place === name ? decodeURIComponent(id) : null,
    params: Object.fromEntries(new URLSearchParams(search)),
  };
}

export function routeHash(route: Route): string {
  const search = new URLSearchParams(route.params).toString();
  return `#/${route.place}${route.id ? `/${encodeURIComponent(route.id)}` : ""}${search ? `?${search}` : ""}`;
}

/** Where the window is, kept in the address so that back and forward work. */
class Navigation {
  #places: readonly Place[] = [];
  /** Nowhere, until the places are known. */
  route = $state.raw<Route>({ place: "" as string as Place, id: null, params: {} });

  /** Follows the address among these places; returns the way to stop. */
  start(places: readonly Place[]): () => void {
    this.#places = places;
    const follow = () => (this.route = parseRoute(location.hash, this.#places));
    follow();
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }

  /** Goes to a place: `navigation.go("incidents", "INC-2026-0001", { field: "detection.origin" })`. */
  go(place: Place, id: string | null = null, params: Record<string, string> = {}): void {
    const route = { place, id, params };
    this.route = route;
    const hash = routeHash(route);
    if (location.hash !== hash) location.hash = hash;
  }

  /** Says in the address what is shown in the place, without a step back of its own. */
  keep(params: Record<string, string>): void {
    const hash = routeHash({ ...this.route, params });
    if (location.hash !== hash) history.replaceState(null, "", hash);
  }

  /** Address of a route, for real links. */
  href(place: Place, id: string | null = null, params: Record<string, string> = {}): string {
    return routeHash({ place, id, params });
  }

  back(): void {
    history.back();
  }

  /** Starts at the first place again, as on locking: the address may hold a query or an incident. */
  reset(): void {
    this.route = parseRoute("", this.#places);
    history.replaceState(null, "", routeHash(this.route));
  }
}

export const navigation = new Navigation();
