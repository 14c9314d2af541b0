package io.github.t6j.chat.rerank;

import io.github.t6j.Model;
import io.github.t6j.ModelFormatException;
import io.github.t6j.json.Json;
import io.github.t6j.weights.NativeMemory;
import io.github.t6j.weights.SmallFile;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.checkpoint.Checkpoint;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Weights whose product with the hidden state of the last token is the log-odds of "relevant". They are the difference
 * of two rows, since softmax of two logits is the logistic function of their difference: rows of the output matrix for
 * the answers yes and no, or of a classification head. A head of one row is the difference itself.
 *
 * <p>Heads are {@code score.weight} of transformers' Qwen3ForSequenceClassification, with the labels of config.json, and
 * {@code cls.output.weight} of a GGUF file, whose labels are in the key {@code classifier.output_labels}.
 */
final class RelevanceHead {
    private static final String HEAD = "score.weight";
    private static final String GGUF_HEAD = "cls.output.weight";
    private static final String POSITIVE = "yes";
    /** Names of the output matrix, or of the embedding that is tied to it, in order of preference. */
    private static final List<String> OUTPUTS = List.of("lm_head.weight", "output.weight", "model.embed_tokens.weight",
            "embed_tokens.weight", "token_embd.weight");

    private final double[] weights;

    private RelevanceHead(double[] weights) {
        this.weights = weights;
    }

    /** @throws ModelFormatException if the model has neither a head of one or two rows nor a known output matrix */
    static RelevanceHead of(Model model, RerankPrompt prompt) {
        checkAdapters(model);
        int width = model.info().sizes().width();
        try (Checkpoint checkpoint = Checkpoint.open(model.path(), true)) {
            Map<String, Tensor> tensors = checkpoint.tensors();
            for (String name : List.of(HEAD, GGUF_HEAD)) {
                if (tensors.get(name) instanceof Tensor head) {
                    return ofHead(head, width, labels(model.path(), checkpoint), model.path());
                }
            }
            for (String name : OUTPUTS) {
                if (tensors.get(name) instanceof Tensor output
                        && output.rowCount() > Math.max(prompt.yes(), prompt.no())) {
                    return new RelevanceHead(difference(row(output, prompt.yes(), checkpoint),
                            row(output, prompt.no(), checkpoint)));
                }
            }
            throw ModelFormatException.unsupported(model.path() + ": expected a classification head, or one of "
                    + OUTPUTS + ", found neither: choose a reranker, such as Qwen/Qwen3-Reranker-0.6B");
        }
    }

    private static void checkAdapters(Model model) {
        for (Path adapter : model.adapters()) {
            try (Checkpoint changes = Checkpoint.open(adapter, true)) {
                changes.tensors().keySet().stream().filter(name -> name.matches(".*(lm_head|embed_tokens|score)\\..*"))
                        .findFirst().ifPresent(name -> {
                            throw ModelFormatException
                                    .unsupported(adapter + ": expected an adapter of the layers, found "
                                            + name + ": merge it with t6j convert, and rerank with the result");
                        });
            }
        }
    }

    private static RelevanceHead ofHead(Tensor head, int width, List<String> labels, Path model) {
        float[] elements = whole(head);
        int rows = elements.length / width;
        if (rows * width != elements.length || rows < 1 || rows > 2) {
            throw ModelFormatException.unsupported(model + ": " + head.name() + ": expected one row or two of " + width
                    + " elements, for yes and no, found shape " + head.shape());
        }
        if (rows == 1) {
            return new RelevanceHead(slice(elements, 0, width));
        }
        int named = labels.indexOf(POSITIVE);
        // without names, transformers has the positive class last, llama.cpp reads the first one
        int positive = named >= 0 ? named : head.name().equals(HEAD) ? 1 : 0;
        return new RelevanceHead(difference(slice(elements, positive * width, width),
                slice(elements, (1 - positive) * width, width)));
    }

    private static float[] whole(Tensor head) {
        float[] elements = new float[Math.toIntExact(head.elementCount())];
        head.read(0, elements, 0, elements.length);
        return elements;
    }

    /** Returns the names of a head's rows, or none if no file states them. */
    private static List<String> labels(Path model, Checkpoint checkpoint) {
        if (!checkpoint.gguf().isEmpty()) {
            String key = checkpoint.gguf().get("general.architecture") + ".classifier.output_labels";
            return checkpoint.gguf().get(key) instanceof List<?> labels
                    ? labels.stream().map(String::valueOf).toList()
                    : List.of();
        }
        Path config = (Files.isDirectory(model) ? model : model.toAbsolutePath().getParent()).resolve("config.json");
        Object labels = Json.parseObject(SmallFile.read(config, SmallFile.CONFIG), config.toString()).get("id2label");
        return labels instanceof Map<?, ?> byId
                ? new TreeMap<>(byId).values().stream().map(String::valueOf).toList()
                : List.of();
    }

    private static double[] row(Tensor matrix, int row, Checkpoint checkpoint) {
        try (NativeMemory copy = NativeMemory.confined()) {
            return slice(whole(checkpoint.rows(matrix, row, 1, copy)), 0, Math.toIntExact(matrix.shape().getLast()));
        }
    }

    private static double[] slice(float[] elements, int from, int count) {
        double[] slice = new double[count];
        for (int i = 0; i < count; i++) {
            slice[i] = elements[from + i];
        }
        return slice;
    }

    private static double[] difference(double[] positive, double[] negative) {
        double[] difference = new double[positive.length];
        for (int i = 0; i < difference.length; i++) {
            difference[i] = positive[i] - negative[i];
        }
        return difference;
    }

    /** Returns the probability of "relevant" for the hidden state of the last token. */
    double score(float[] state) {
        double logOdds = 0;
        for (int i = 0; i < weights.length; i++) {
            logOdds += weights[i] * state[i];
        }
        return 1 / (1 + Math.exp(-logOdds));
    }
}
