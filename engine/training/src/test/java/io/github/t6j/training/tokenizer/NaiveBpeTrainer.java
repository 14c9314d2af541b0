package io.github.t6j.training.tokenizer;

import io.github.t6j.tokenizer.ReferenceBpe;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;

/** BPE training in its simplest form: it counts all pairs of neighbours again for each merge. */
final class NaiveBpeTrainer {
    private final List<List<String>> pieces = new ArrayList<>();
    private final Map<String, Integer> ids = new HashMap<>();

    void add(String text) {
        for (Matcher matcher = ReferenceBpe.PIECES.matcher(text); matcher.find();) {
            List<String> tokens = new ArrayList<>();
            for (byte b : matcher.group().getBytes(StandardCharsets.UTF_8)) {
                tokens.add(ReferenceBpe.character(b & 0xFF));
            }
            pieces.add(tokens);
        }
    }

    List<String> merges(int max) {
        List<String> alphabet = new ArrayList<>();
        for (int b = 0; b < 256; b++) {
            alphabet.add(ReferenceBpe.character(b));
        }
        Collections.sort(alphabet);
        alphabet.forEach(token -> ids.put(token, ids.size()));
        List<String> merges = new ArrayList<>();
        for (List<String> best = best(); best != null && merges.size() < max; best = best()) {
            merges.add(String.join(" ", best));
            ids.put(String.join("", best), ids.size());
            merge(best);
        }
        return merges;
    }

    private List<String> best() {
        Map<List<String>, Integer> counts = new HashMap<>();
        for (List<String> piece : pieces) {
            for (int i = 0; i + 1 < piece.size(); i++) {
                counts.merge(List.copyOf(piece.subList(i, i + 2)), 1, Integer::sum);
            }
        }
        return counts.keySet().stream().filter(pair -> counts.get(pair) > 1)
                .min(Comparator.<List<String>>comparingInt(pair -> -counts.get(pair))
                        .thenComparingInt(pair -> ids.get(pair.get(0)))
                        .thenComparingInt(pair -> ids.get(pair.get(1))))
                .orElse(null);
    }

    private void merge(List<String> pair) {
        for (List<String> piece : pieces) {
            for (int i = 0; i + 1 < piece.size(); i++) {
                if (piece.subList(i, i + 2).equals(pair)) {
                    piece.set(i, piece.get(i) + piece.remove(i + 1));
                }
            }
        }
    }
}
