package io.github.t6j.sampling;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** Oracle of the distribution that sampling draws from, written directly from the definitions: it sorts everything. */
final class Oracle {
    private Oracle() {}

    /** Returns the probability of each id. */
    static double[] probabilities(SamplingOptions options, float[] logits, int[] prompt, int[] generated) {
        double[] scores = penalised(options, logits, prompt, generated);
        List<Integer> ids = new ArrayList<>(IntStream.range(0, logits.length).boxed().toList());
        ids.sort(Comparator.comparing((Integer id) -> -scores[id])); // stable: ties stay ascending
        if (options.topK() > 0) {
            ids = ids.subList(0, Math.min(options.topK(), ids.size()));
        }
        ids = nucleus(ids, softmax(ids, scores, options.temperature()), options.topP());
        double[] p = softmax(ids, scores, options.temperature());
        double min = options.minP() * p[ids.getFirst()];
        ids = ids.stream().filter(id -> p[id] >= min).toList();
        return softmax(ids, scores, options.temperature());
    }

    private static double[] penalised(SamplingOptions options, float[] logits, int[] prompt, int[] generated) {
        double[] scores = new double[logits.length];
        for (int id = 0; id < logits.length; id++) {
            int target = id;
            scores[id] = logits[id];
            long times = IntStream.of(generated).filter(other -> other == target).count();
            if (times > 0 || IntStream.of(prompt).anyMatch(other -> other == target)) {
                scores[id] *= scores[id] > 0
                        ? 1 / (double) options.repetitionPenalty()
                        : options.repetitionPenalty();
            }
            scores[id] -= times * options.frequencyPenalty();
            scores[id] -= times > 0 ? options.presencePenalty() : 0;
            scores[id] += options.logitBias().getOrDefault(id, 0f);
        }
        return scores;
    }

    private static double[] softmax(List<Integer> ids, double[] scores, double temperature) {
        double[] p = new double[scores.length];
        ids.forEach(id -> p[id] = Math.exp(scores[id] / temperature));
        double total = Arrays.stream(p).sum();
        return Arrays.stream(p).map(weight -> weight / total).toArray();
    }

    private static List<Integer> nucleus(List<Integer> ranked, double[] p, double topP) {
        double sum = 0;
        int count = 0;
        while (sum < topP && count < ranked.size()) {
            sum += p[ranked.get(count++)];
        }
        return ranked.subList(0, count);
    }
}
