/** The seats' ids, as series of numbers of 128 bits that follow each other. */

export class Ids {
  /** @param {[string, number][]} series The first id and how many there are, in chart order. */
  constructor(series) {
    let place = 0;
    /** @type {{first: bigint, count: number, place: number}[]} In chart order. */
    this.series = series.map(([id, count]) => {
      const one = { first: numberOf(id) ?? 0n, count, place };
      place += count;
      return one;
    });
    this.sorted = [...this.series].sort((a, b) => (a.first < b.first ? -1 : 1));
  }

  /**
   * @param {number} place
   * @returns {string}
   */
  id(place) {
    const one = last(this.series, (each) => each.place <= place);
    if (!one) return "";
    const hex = (one.first + BigInt(place - one.place)).toString(16).padStart(32, "0");
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  }

  /**
   * @param {string} id
   * @returns {number} -1 if no seat has this id.
   */
  place(id) {
    const number = numberOf(id);
    if (number === null) return -1;
    const one = last(this.sorted, (each) => each.first <= number);
    const at = one ? number - one.first : 0n;
    return one && at < one.count ? one.place + Number(at) : -1;
  }
}

/** @param {string} id */
function numberOf(id) {
  const hex = id.replaceAll("-", "");
  return /^[0-9a-f]{32}$/i.test(hex) ? BigInt(`0x${hex}`) : null;
}

/**
 * The last of those that come first and pass; they are in order.
 * @template T
 * @param {T[]} all
 * @param {(one: T) => boolean} passes
 * @returns {T | undefined}
 */
function last(all, passes) {
  let low = 0;
  let high = all.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (passes(/** @type {T} */ (all[middle]))) low = middle + 1;
    else high = middle;
  }
  return all[low - 1];
}
