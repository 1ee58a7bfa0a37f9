// Both passes under the card's roof, which is a chart of the page's.

const under = (intensity, roof) => Math.min(roof.peak, intensity * roof.bandwidth);

/** Both passes at the shown texts: operations, bytes, and what the card allows at most. */
export function passesOf(data, now) {
  return Object.fromEntries(Object.entries(data.works).filter(([, one]) => one).map(([name, one]) => {
    const flops = now.batch * one.flops[now.at];
    const bytes = one.weights + now.batch * one.bytes[now.at];
    return [name, { flops, bytes, intensity: flops / bytes, most: under(flops / bytes, data.card) }];
  }));
}
