package io.github.t6j.cli.formats;

import io.github.t6j.json.Json;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * Small qwen3 model with random weights and a tokenizer of bytes, with the tokens of Qwen3-Reranker. Its scores are
 * computed in float64, by a forward pass that shares nothing with the engine.
 */
public final class RerankModel {
    /** Tokens after the bytes and "ye". */
    private static final List<String> WORDS = List.of("yes", "no");
    private static final List<String> MARKS = List.of("<|im_start|>", "<|im_end|>", "<think>", "</think>");
    private static final int YES = 257;
    private static final int NO = 258;
    private static final int WIDTH = 65;
    private static final int HEADS = 6;
    private static final int HEAD_DIM = 22;
    private static final String EMBEDDING = "model.embed_tokens.weight";

    private final StoredModel model;
    private final Map<String, double[]> weights = new TreeMap<>();
    private final List<String> vocabulary = vocabulary();

    private RerankModel(StoredModel model) {
        this.model = model;
        model.tensors().forEach(tensor -> weights.put(tensor.name(), doubles(tensor.toFloats())));
    }

    /**
     * Creates a model.
     *
     * @param rows rows of its classification head, or 0 for none
     * @param labels names of the rows, or none
     * @param context length of the context
     */
    public static RerankModel random(int rows, List<String> labels, long context, long seed) {
        ModelSizes sizes = new ModelSizes(
                WIDTH, 129, 256 + 1 + WORDS.size() + MARKS.size(), HEADS, HEAD_DIM, 0, 0);
        StoredModel plain = StoredModel.random(ModelKind.QWEN3.plan(sizes), DType.F32, false, seed);
        Map<String, Object> config = new TreeMap<>(plain.config());
        config.put("max_position_embeddings", context);
        if (!labels.isEmpty()) {
            config.put("id2label", new TreeMap<>(Map.of("0", labels.get(0), "1", labels.get(1))));
        }
        List<Tensor> tensors = new ArrayList<>(plain.tensors());
        if (rows > 0) {
            float[] head = new float[rows * WIDTH];
            Random random = new Random(seed + 1);
            for (int i = 0; i < head.length; i++) {
                head[i] = (float) random.nextGaussian() * 0.2f;
            }
            tensors.add(Tensor.of("score.weight", head, rows, WIDTH));
        }
        return new RerankModel(new StoredModel(config, Map.of(), tensors, plain.aliases()));
    }

    /** Writes the model and its tokenizer into a new folder. @return path to load */
    public Path write(ModelFormat format, Path folder) throws IOException {
        Path path = format.write(model, folder);
        Map<String, Object> ids = new LinkedHashMap<>();
        IntStream.range(0, vocabulary.size() - MARKS.size())
                .forEach(id -> ids.put(vocabulary.get(id), (long) id));
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("added_tokens", IntStream.range(0, MARKS.size()).mapToObj(RerankModel::mark).toList());
        json.put("pre_tokenizer", Map.of("type", "ByteLevel", "add_prefix_space", false, "use_regex", true));
        json.put("decoder", Map.of("type", "ByteLevel"));
        json.put("model", Map.of("type", "BPE", "vocab", ids, "merges", List.of("y e", "ye s", "n o")));
        Files.writeString(folder.resolve("tokenizer.json"), Json.write(json));
        return path;
    }

    private static Map<String, Object> mark(int index) {
        Map<String, Object> mark = new LinkedHashMap<>();
        mark.put("id", 256L + 1 + WORDS.size() + index);
        mark.put("content", MARKS.get(index));
        List.of("single_word", "lstrip", "rstrip", "normalized").forEach(flag -> mark.put(flag, false));
        mark.put("special", index < 2); // as in Qwen3
        return mark;
    }

    /** Returns the tokens: GPT-2's character for each byte, then longer ones. */
    private static List<String> vocabulary() {
        List<String> tokens = new ArrayList<>();
        int moved = 0;
        for (int value = 0; value < 256; value++) {
            boolean printable = value > 32 && value < 127 || value > 160 && value != 173;
            tokens.add(Character.toString(printable ? value : 256 + moved++));
        }
        tokens.add("ye");
        tokens.addAll(WORDS);
        tokens.addAll(MARKS);
        return tokens;
    }

    /** Returns the ids of the model card's prompt; texts must be ASCII without any of the tokens of several letters. */
    public static int[] ids(String instruction, String query, String text) {
        List<Integer> ids = new ArrayList<>();
        String prompt =
                "\1system\nJudge whether the Document meets the requirements based on the Query and the Instruct "
                        + "provided. Note that the answer can only be \"yes\" or \"no\".\2\n\1user\n<Instruct>: "
                        + instruction
                        + "\n<Query>: " + query + "\n<Document>: " + text + "\2\n\1assistant\n\3\n\n\4\n\n";
        for (int i = 0; i < prompt.length(); i++) {
            char c = prompt.charAt(i);
            if (prompt.startsWith("yes", i)) {
                ids.add(YES);
                i += 2;
            } else if (prompt.startsWith("ye", i)) {
                ids.add(256);
                i++;
            } else if (prompt.startsWith("no", i)) {
                ids.add(NO);
                i++;
            } else {
                ids.add(c <= 4 ? NO + c : c);
            }
        }
        return ids.stream().mapToInt(id -> id).toArray();
    }

    /** Returns the probability of yes by the output matrix. */
    public double byYesAndNo(int... ids) {
        double[] state = lastState(ids);
        double[] embedding = weights.get(EMBEDDING);
        return softmax(dot(embedding, YES * WIDTH, state), dot(embedding, NO * WIDTH, state));
    }

    /** Returns the probability of a row of the classification head; of one row, of its logit. */
    public double byHead(int positive, int... ids) {
        double[] state = lastState(ids);
        double[] head = weights.get("score.weight");
        return head.length == WIDTH
                ? 1 / (1 + Math.exp(-dot(head, 0, state)))
                : softmax(dot(head, positive * WIDTH, state), dot(head, (1 - positive) * WIDTH, state));
    }

    private static double softmax(double of, double other) {
        double max = Math.max(of, other);
        return Math.exp(of - max) / (Math.exp(of - max) + Math.exp(other - max));
    }

    private double[] lastState(int... ids) {
        double[][] x = new double[ids.length][];
        for (int t = 0; t < ids.length; t++) {
            x[t] = Arrays.copyOfRange(weights.get(EMBEDDING), ids[t] * WIDTH, (ids[t] + 1) * WIDTH);
        }
        for (int layer = 0; layer < ModelKind.LAYERS; layer++) {
            String at = "model.layers." + layer + ".";
            add(x, attention(at + "self_attn.", norm(x, at + "input_layernorm.weight")));
            double[][] h = norm(x, at + "post_attention_layernorm.weight");
            double[][] gate = times(h, at + "mlp.gate_proj.weight");
            double[][] up = times(h, at + "mlp.up_proj.weight");
            for (int t = 0; t < gate.length; t++) {
                for (int i = 0; i < gate[t].length; i++) {
                    gate[t][i] *= up[t][i] / (1 + Math.exp(-gate[t][i]));
                }
            }
            add(x, times(gate, at + "mlp.down_proj.weight"));
        }
        return norm(new double[][] {x[ids.length - 1]}, "model.norm.weight")[0];
    }

    private double[][] attention(String at, double[][] h) {
        double[][] q = times(h, at + "q_proj.weight");
        double[][] k = times(h, at + "k_proj.weight");
        double[][] v = times(h, at + "v_proj.weight");
        double[][] out = new double[h.length][HEADS * HEAD_DIM];
        for (int head = 0; head < HEADS; head++) {
            int shared = head / 2;
            double[][] keys = new double[h.length][];
            for (int t = 0; t < h.length; t++) {
                keys[t] = rotated(part(k[t], shared), at + "k_norm.weight", t);
                double[] query = rotated(part(q[t], head), at + "q_norm.weight", t);
                double[] scores = new double[t + 1];
                for (int s = 0; s <= t; s++) {
                    scores[s] = dot(keys[s], 0, query) / Math.sqrt(HEAD_DIM);
                }
                double max = Arrays.stream(scores).max().orElseThrow();
                double sum = Arrays.stream(scores).map(score -> Math.exp(score - max)).sum();
                for (int s = 0; s <= t; s++) {
                    double probability = Math.exp(scores[s] - max) / sum;
                    for (int i = 0; i < HEAD_DIM; i++) {
                        out[t][head * HEAD_DIM + i] += probability * v[s][shared * HEAD_DIM + i];
                    }
                }
            }
        }
        return times(out, at + "o_proj.weight");
    }

    private static double[] part(double[] row, int head) {
        return Arrays.copyOfRange(row, head * HEAD_DIM, (head + 1) * HEAD_DIM);
    }

    /** Returns the normalised part with each pair (i, i + half) turned by its angle at a position. */
    private double[] rotated(double[] part, String gains, int position) {
        double[] x = norm(new double[][] {part}, gains)[0];
        double[] rotated = new double[HEAD_DIM];
        int half = HEAD_DIM / 2;
        for (int i = 0; i < half; i++) {
            double angle = position * Math.pow(10000, -2.0 * i / HEAD_DIM);
            rotated[i] = x[i] * Math.cos(angle) - x[i + half] * Math.sin(angle);
            rotated[i + half] = x[i + half] * Math.cos(angle) + x[i] * Math.sin(angle);
        }
        return rotated;
    }

    private double[][] norm(double[][] rows, String gains) {
        double[] gain = weights.get(gains);
        double[][] normed = new double[rows.length][gain.length];
        for (int t = 0; t < rows.length; t++) {
            double scale = 1 / Math.sqrt(dot(rows[t], 0, rows[t]) / gain.length + 1e-5);
            for (int i = 0; i < gain.length; i++) {
                normed[t][i] = rows[t][i] * scale * gain[i];
            }
        }
        return normed;
    }

    private double[][] times(double[][] rows, String matrix) {
        double[] elements = weights.get(matrix);
        int columns = rows[0].length;
        double[][] products = new double[rows.length][elements.length / columns];
        for (int t = 0; t < rows.length; t++) {
            for (int i = 0; i < products[t].length; i++) {
                products[t][i] = dot(elements, i * columns, rows[t]);
            }
        }
        return products;
    }

    private static void add(double[][] rows, double[][] more) {
        for (int t = 0; t < rows.length; t++) {
            for (int i = 0; i < rows[t].length; i++) {
                rows[t][i] += more[t][i];
            }
        }
    }

    /** Returns the product of {@code vector} with as many elements of {@code elements}. */
    private static double dot(double[] elements, int from, double[] vector) {
        double sum = 0;
        for (int i = 0; i < vector.length; i++) {
            sum += elements[from + i] * vector[i];
        }
        return sum;
    }

    private static double[] doubles(float[] floats) {
        double[] doubles = new double[floats.length];
        for (int i = 0; i < floats.length; i++) {
            doubles[i] = floats[i];
        }
        return doubles;
    }
}
