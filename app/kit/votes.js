// What votes cost, read as probabilities, in nats (core/analysis/tasks/token_vote.py has the first).

/** −log of the share of an option, in nats; null: it has no vote. @type {(votes: number[], came: number) => number | null} */
export function costOf(votes, came) {
  const all = votes.reduce((a, b) => a + b, 0);
  return votes[came] ? -Math.log(votes[came] / all) : null;
}

/** −Σ share · log p, in nats: what answers in these shares cost on average under p. @type {(weights: number[], p: number[]) => number} */
export function crossEntropy(weights, p) {
  const all = weights.reduce((a, b) => a + b, 0);
  return -weights.reduce(
    (sum, one, at) => sum + (one ? (one / all) * Math.log(Math.max(p[at], 1e-45)) : 0),
    0,
  );
}
