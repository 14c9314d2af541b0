package io.github.t6j.jmh.peer;

import io.github.t6j.weights.checkpoint.Checkpoint;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Forward pass of the Llama family in float64, by a GGUF file's own names and order of rows: pairs of RoPE are adjacent
 * in the architecture llama, half a head apart in others. Activations are [element][position].
 */
final class Reference {
    private final RandomModel model;
    private final Map<String, float[]> weights = new HashMap<>();
    private final double[] frequencies;

    /** @param f32 the model's file, with all weights in f32 */
    Reference(RandomModel model, Path f32) {
        this.model = model;
        try (Checkpoint file = Checkpoint.open(f32, true)) {
            file.tensors().forEach((name, tensor) -> weights.put(name, tensor.toFloats()));
        }
        frequencies = IntStream.range(0, model.headDim() / 2).mapToDouble(this::frequency).toArray();
    }

    /** Logits [id of the vocabulary][position]. */
    double[][] logits(int[] ids) {
        int width = model.width();
        double[][] x = new double[width][ids.length];
        for (int position = 0; position < ids.length; position++) {
            for (int i = 0; i < width; i++) {
                x[i][position] = weights.get("token_embd.weight")[ids[position] * width + i];
            }
        }
        for (int layer = 0; layer < RandomModel.LAYERS; layer++) {
            String block = "blk." + layer + ".";
            add(x, product(block + "attn_output", attention(block, norm(block + "attn_norm", x, width))));
            double[][] normed = norm(block + "ffn_norm", x, width);
            if (model.hasExperts()) {
                addExperts(x, block, normed);
            } else {
                add(x, gated(block, "", normed));
            }
        }
        return product(model.tied() ? "token_embd" : "output", norm("output_norm", x, width));
    }

    private double[][] gated(String block, String suffix, double[][] x) {
        double[][] gate = product(block + "ffn_gate" + suffix, x);
        double[][] up = product(block + "ffn_up" + suffix, x);
        for (int i = 0; i < gate.length; i++) {
            for (int position = 0; position < gate[i].length; position++) {
                gate[i][position] *= up[i][position] / (1 + Math.exp(-gate[i][position]));
            }
        }
        return product(block + "ffn_down" + suffix, gate);
    }

    /** Computes every expert for every position, and adds the outputs of the best, weighted by a softmax of these. */
    private void addExperts(double[][] x, String block, double[][] normed) {
        double[][] scores = product(block + "ffn_gate_inp", normed);
        double[][] shares = new double[scores.length][normed[0].length];
        for (int position = 0; position < normed[0].length; position++) {
            int at = position;
            int[] best = IntStream.range(0, scores.length).boxed()
                    .sorted((a, b) -> Double.compare(scores[b][at], scores[a][at]))
                    .limit(RandomModel.USED_EXPERTS).mapToInt(expert -> expert).toArray();
            double sum = Arrays.stream(best).mapToDouble(expert -> Math.exp(scores[expert][at])).sum();
            for (int expert : best) {
                shares[expert][position] = Math.exp(scores[expert][position]) / sum;
            }
        }
        for (int expert = 0; expert < scores.length; expert++) {
            for (String part : new String[] {"ffn_gate", "ffn_up", "ffn_down"}) {
                float[] all = weights.get(block + part + "_exps.weight");
                int size = all.length / scores.length;
                weights.put(block + part + "_one.weight", Arrays.copyOfRange(all, expert * size, (expert + 1) * size));
            }
            double[][] y = gated(block, "_one", normed);
            for (int i = 0; i < x.length; i++) {
                for (int position = 0; position < x[i].length; position++) {
                    x[i][position] += shares[expert][position] * y[i][position];
                }
            }
        }
    }

    private double[][] attention(String block, double[][] x) {
        int size = model.headDim();
        double[][] queries = product(block + "attn_q", x);
        double[][] keys = product(block + "attn_k", x);
        double[][] values = product(block + "attn_v", x);
        if (weights.containsKey(block + "attn_q_norm.weight")) {
            queries = norm(block + "attn_q_norm", queries, size);
            keys = norm(block + "attn_k_norm", keys, size);
        }
        rotate(queries);
        rotate(keys);
        double[][] sums = new double[queries.length][x[0].length];
        for (int head = 0; head < model.heads(); head++) {
            int group = head / (model.heads() / model.keyHeads());
            for (int position = 0; position < x[0].length; position++) {
                double[] probabilities = new double[position + 1];
                for (int i = 0; i < size; i++) {
                    for (int key = 0; key <= position; key++) {
                        probabilities[key] += queries[head * size + i][position] * keys[group * size + i][key];
                    }
                }
                softmax(probabilities, Math.sqrt(size));
                for (int i = 0; i < size; i++) {
                    for (int key = 0; key <= position; key++) {
                        sums[head * size + i][position] += probabilities[key] * values[group * size + i][key];
                    }
                }
            }
        }
        return sums;
    }

    private static void softmax(double[] scores, double divisor) {
        double largest = Arrays.stream(scores).max().orElseThrow();
        double sum = 0;
        for (int key = 0; key < scores.length; key++) {
            scores[key] = Math.exp((scores[key] - largest) / divisor);
            sum += scores[key];
        }
        for (int key = 0; key < scores.length; key++) {
            scores[key] /= sum;
        }
    }

    private void rotate(double[][] x) {
        boolean adjacent = model.architecture().equals("llama");
        int half = model.headDim() / 2;
        double scale = model.rope() == RandomModel.Rope.YARN ? 0.1 * Math.log(RandomModel.STRETCH) + 1 : 1;
        for (int head = 0; head < x.length; head += 2 * half) {
            for (int pair = 0; pair < half; pair++) {
                double[] first = x[adjacent ? head + 2 * pair : head + pair];
                double[] second = x[adjacent ? head + 2 * pair + 1 : head + pair + half];
                for (int position = 0; position < first.length; position++) {
                    double cos = scale * Math.cos(position * frequencies[pair]);
                    double sin = scale * Math.sin(position * frequencies[pair]);
                    double turned = first[position] * cos - second[position] * sin;
                    second[position] = first[position] * sin + second[position] * cos;
                    first[position] = turned;
                }
            }
        }
    }

    private double frequency(int pair) {
        double plain = Math.pow(model.base(), -2.0 * pair / model.headDim());
        return switch (model.rope()) {
            case PLAIN -> plain;
            case FACTORS -> plain / weights.get("rope_freqs.weight")[pair];
            case LINEAR -> plain / RandomModel.STRETCH;
            case YARN -> {
                double low = Math.max(0, Math.floor(pairThatTurns(32)));
                double high = Math.min(model.headDim() - 1, Math.ceil(pairThatTurns(1)));
                double stretched = Math.clamp((pair - low) / (high - low), 0, 1);
                yield plain * (1 - stretched) + plain / RandomModel.STRETCH * stretched;
            }
        };
    }

    private double pairThatTurns(int times) {
        return model.headDim() * Math.log(RandomModel.ORIGINAL_CONTEXT / (times * 2 * Math.PI))
                / (2 * Math.log(model.base()));
    }

    /** Root mean square norm of every {@code size} elements. */
    private double[][] norm(String name, double[][] x, int size) {
        float[] gain = weights.get(name + ".weight");
        double[][] y = new double[x.length][x[0].length];
        for (int from = 0; from < x.length; from += size) {
            for (int position = 0; position < x[0].length; position++) {
                double squares = 0;
                for (int i = 0; i < size; i++) {
                    squares += x[from + i][position] * x[from + i][position];
                }
                double root = Math.sqrt(squares / size + RandomModel.EPSILON);
                for (int i = 0; i < size; i++) {
                    y[from + i][position] = x[from + i][position] / root * gain[i];
                }
            }
        }
        return y;
    }

    /** Four columns at a time, which C2 turns into vectors. */
    private double[][] product(String name, double[][] x) {
        float[] matrix = weights.get(name + ".weight");
        float[] bias = weights.get(name + ".bias");
        double[][] y = new double[matrix.length / x.length][x[0].length];
        IntStream.range(0, y.length).parallel().forEach(row -> {
            Arrays.fill(y[row], bias == null ? 0 : bias[row]);
            for (int column = 0; column < x.length; column += 4) {
                addFour(y[row], matrix, row * x.length + column, x, column);
            }
        });
        return y;
    }

    private static void addFour(double[] y, float[] matrix, int at, double[][] x, int column) {
        double a = matrix[at];
        double b = matrix[at + 1];
        double c = matrix[at + 2];
        double d = matrix[at + 3];
        double[] first = x[column];
        double[] second = x[column + 1];
        double[] third = x[column + 2];
        double[] fourth = x[column + 3];
        for (int position = 0; position < y.length; position++) {
            y[position] += a * first[position] + b * second[position] + c * third[position] + d * fourth[position];
        }
    }

    private static void add(double[][] x, double[][] y) {
        for (int i = 0; i < x.length; i++) {
            for (int position = 0; position < x[i].length; position++) {
                x[i][position] += y[i][position];
            }
        }
    }
}
