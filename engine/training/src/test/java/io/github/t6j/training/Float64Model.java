package io.github.t6j.training;

import static io.github.t6j.TestNumbers.doubles;

import io.github.t6j.attention.AttentionConfig;
import io.github.t6j.attention.LayerOptions;
import io.github.t6j.attention.Rope;
import io.github.t6j.attention.grouped.GroupedQueryConfig;
import io.github.t6j.attention.latent.LatentConfig;
import io.github.t6j.attention.tpa.TpaConfig;
import io.github.t6j.attention.tpa.steps.SteppedConfig;
import io.github.t6j.attention.tpa.steps.Steps;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.training.layers.Heads;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Forward pass of a model in double, position by position, with tensors found by name. It is the oracle of losses and,
 * by differences, of gradients.
 */
final class Float64Model {
    private final ModelConfig config;
    private final AttentionConfig attention;
    private final Map<String, double[]> tensors = new HashMap<>();
    private final int width;

    Float64Model(SmallModels small) {
        config = small.config();
        attention = config.attention();
        width = config.sizes().width();
        small.weights().forEach((name, values) -> tensors.put(name, doubles(values)));
    }

    /** Returns the elements of a tensor, to read and to modify. */
    double[] tensor(String name) {
        return tensors.get(name);
    }

    /** Returns the tensor of a layer whose name ends with one of {@code endings} in any family, or null. */
    private double[] find(int layer, String... endings) {
        for (String ending : endings) {
            for (String block : new String[] {"transformer.h." + layer + ".", "model.layers." + layer + "."}) {
                for (String part : new String[] {"", "attn.", "attn.c_qkv.", "self_attn.", "mlp."}) {
                    double[] found = tensors.get(block + part + ending);
                    if (found != null) {
                        return found;
                    }
                }
            }
        }
        return null;
    }

    private double[] find(String... names) {
        for (String name : names) {
            if (tensors.containsKey(name)) {
                return tensors.get(name);
            }
        }
        return null;
    }

    /** Returns the mean cross entropy of the scored positions, in nats. */
    double loss(int[] ids, int[] targets, int sequences, int length) {
        return loss(ids, targets, IntStream.rangeClosed(0, sequences).map(i -> i * length).toArray());
    }

    /** Returns the loss of documents that do not see one another; {@code starts} has their beginnings and the end. */
    double loss(int[] ids, int[] targets, int[] starts) {
        double sum = 0;
        int scored = 0;
        for (int document = 0; document + 1 < starts.length; document++) {
            double[][] logits = logits(Arrays.copyOfRange(ids, starts[document], starts[document + 1]));
            for (int t = 0; t < logits.length; t++) {
                int target = targets[starts[document] + t];
                if (target >= 0) {
                    double max = Arrays.stream(logits[t]).max().orElseThrow();
                    double total = Arrays.stream(logits[t]).map(z -> Math.exp(z - max)).sum();
                    sum += max + Math.log(total) - logits[t][target];
                    scored++;
                }
            }
        }
        return sum / scored;
    }

    /** Returns the logits [length][vocabulary] of one sequence. */
    double[][] logits(int[] ids) {
        double[] output = find("lm_head.weight", "model.embed_tokens.weight", "transformer.wte.weight");
        double[] embedding = find("transformer.wte.weight", "model.embed_tokens.weight", "lm_head.weight");
        double[][] x = new double[ids.length][width];
        for (int t = 0; t < ids.length; t++) {
            System.arraycopy(embedding, ids[t] * width, x[t], 0, width);
        }
        for (int layer = 0; layer < config.sizes().layers(); layer++) {
            double[] first = find(layer, "input_layernorm.weight");
            double[] second = find(layer, "post_attention_layernorm.weight");
            double[][] y = attend(layer, norm(x, first, config.norms().epsilon()));
            add(x, times(y, find(layer, "c_proj.weight", "o_proj.weight"), find(layer, "o_proj.bias")));
            double[][] h = norm(x, second, config.norms().epsilon());
            double[][] gate = times(h, find(layer, "c_fc1.weight", "gate_proj.weight"), find(layer, "gate_proj.bias"));
            double[][] up = times(h, find(layer, "c_fc2.weight", "up_proj.weight"), find(layer, "up_proj.bias"));
            for (int t = 0; t < x.length; t++) {
                for (int i = 0; i < gate[t].length; i++) {
                    gate[t][i] = gate[t][i] / (1 + Math.exp(-gate[t][i])) * up[t][i];
                }
            }
            double[] down = tensors.get("transformer.h." + layer + ".mlp.c_proj.weight");
            add(x, times(gate, down == null ? find(layer, "down_proj.weight") : down, find(layer, "down_proj.bias")));
        }
        double[] gain = find("transformer.layernorm.weight", "layernorm.weight", "model.norm.weight");
        return times(norm(x, gain, config.norms().epsilon()), output, null);
    }

    private static void add(double[][] x, double[][] y) {
        for (int t = 0; t < x.length; t++) {
            for (int i = 0; i < x[t].length; i++) {
                x[t][i] += y[t][i];
            }
        }
    }

    private static double[][] times(double[][] x, double[] w, double[] bias) {
        int inputs = x[0].length;
        double[][] y = new double[x.length][w.length / inputs];
        for (int t = 0; t < x.length; t++) {
            for (int o = 0; o < y[t].length; o++) {
                double sum = bias == null ? 0 : bias[o];
                for (int i = 0; i < inputs; i++) {
                    sum += w[o * inputs + i] * x[t][i];
                }
                y[t][o] = sum;
            }
        }
        return y;
    }

    private static double[][] norm(double[][] x, double[] gain, double epsilon) {
        double[][] y = new double[x.length][];
        for (int t = 0; t < x.length; t++) {
            y[t] = norm(x[t], gain, epsilon, 1);
        }
        return y;
    }

    private static double[] norm(double[] x, double[] gain, double epsilon, double factor) {
        double squares = 0;
        for (double value : x) {
            squares += value * value;
        }
        double[] y = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            y[i] = x[i] / Math.sqrt(squares / x.length + epsilon) * (gain == null ? 1 : factor * gain[i]);
        }
        return y;
    }

    /** Vectors of all heads, [t][head][elements]. */
    private record Heads(double[][][] q, double[][][] k, double[][][] v) {}

    private double[][] attend(int layer, double[][] x) {
        Heads heads = switch (attention) {
            case TpaConfig form -> tensorProduct(layer, form, x);
            case GroupedQueryConfig form -> grouped(layer, form, x);
            case LatentConfig form -> latent(layer, form, x);
            case SteppedConfig form -> stepped(layer, form, x);
            default -> throw new IllegalArgumentException("" + attention);
        };
        double[] headGain = find(layer, "subln.weight");
        int group = attention.heads() / heads.k[0].length;
        double[][] y = new double[x.length][attention.heads() * attention.valueDim()];
        for (int h = 0; h < attention.heads(); h++) {
            for (int t = 0; t < x.length; t++) {
                double[] out = attend(heads, h, h / group, t, window(layer));
                if (headGain != null) {
                    out = norm(out, headGain, 1e-5, 1);
                }
                System.arraycopy(out, 0, y[t], h * out.length, out.length);
            }
        }
        return attention instanceof SteppedConfig form ? outputSteps(layer, form, x, y) : y;
    }

    private int window(int layer) {
        if (attention instanceof SteppedConfig form && form.steps().window() > 0) {
            return form.steps().window();
        }
        LayerOptions options = attention instanceof GroupedQueryConfig grouped ? grouped.options() : LayerOptions.NONE;
        return options.windowed().contains(layer) ? options.window() : Integer.MAX_VALUE;
    }

    private double[] attend(Heads heads, int h, int g, int t, int window) {
        double[] q = heads.q[t][h];
        double[] out = new double[heads.v[t][g].length];
        boolean softmax = !config.linear();
        double total = 0;
        for (int s = Math.max(0, t - window + 1); s <= t; s++) {
            double score = 0;
            for (int i = 0; i < q.length; i++) {
                score += q[i] * heads.k[s][g][i];
            }
            double weight = softmax ? Math.exp(capped(score / divisor(q.length))) : score;
            total += weight;
            for (int i = 0; i < out.length; i++) {
                out[i] += weight * heads.v[s][g][i];
            }
        }
        if (softmax) {
            for (int i = 0; i < out.length; i++) {
                out[i] /= total;
            }
        }
        return out;
    }

    private double divisor(int size) {
        return attention instanceof SteppedConfig form && form.steps().scores().divisor() != 0
                ? form.steps().scores().divisor()
                : Math.sqrt(size);
    }

    private double capped(double score) {
        double cap = attention instanceof SteppedConfig form ? form.steps().scores().cap() : 0;
        return cap == 0 ? score : cap * Math.tanh(score / cap);
    }

    /** Queries, keys and values with the steps before attention. */
    private Heads stepped(int layer, SteppedConfig form, double[][] x) {
        Steps steps = form.steps();
        double[][][] q = form.queryRank() == 0
                ? split(times(x, find(layer, "c_q.weight"), null), form.heads())
                : mean(times(x, find(layer, "W_A_q.weight"), null),
                        split(times(x, find(layer, "W_B_q.weight"), null), form.queryRank()), form.heads());
        double[][][] k = mean(times(x, find(layer, "W_A_k.weight"), null),
                rotated(split(times(x, find(layer, "W_B_k.weight"), null), form.rank())), form.keyValueHeads());
        double[][][] v = mean(times(x, find(layer, "W_A_v.weight"), null),
                split(times(x, find(layer, "W_B_v.weight"), null), form.rank()), form.keyValueHeads());
        if (steps.shift()) {
            k = shifted(k, times(x, find(layer, "shift_proj_k.weight"), null));
            v = shifted(v, times(x, find(layer, "shift_proj_v.weight"), null));
        }
        double[] scaler = find(layer, "softmax_scaler.weight");
        for (int t = 0; t < x.length; t++) {
            if (steps.normEpsilon() > 0) {
                q[t] = norm(q[t], find(layer, "q_norm.weight"), steps.normEpsilon());
                k[t] = norm(k[t], null, steps.normEpsilon());
            }
            for (int h = 0; h < form.heads() && scaler != null; h++) {
                for (int i = 0; i < q[t][h].length; i++) {
                    q[t][h][i] *= scaler[h] * Math.log(t + 1);
                }
            }
        }
        return new Heads(rotated(q), k, v);
    }

    private static double[][][] shifted(double[][][] x, double[][] gates) {
        double[][][] y = new double[x.length][x[0].length][x[0][0].length];
        for (int t = 0; t < x.length; t++) {
            for (int h = 0; h < x[t].length; h++) {
                double alpha = t == 0 ? 0 : sigmoid(gates[t][h]);
                for (int i = 0; i < x[t][h].length; i++) {
                    y[t][h][i] = (1 - alpha) * x[t][h][i] + (t == 0 ? 0 : alpha * x[t - 1][h][i]);
                }
            }
        }
        return y;
    }

    private static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    /** Differences of heads, and gates. */
    private double[][] outputSteps(int layer, SteppedConfig form, double[][] x, double[][] outputs) {
        Steps steps = form.steps();
        double[][][] heads = split(outputs, form.heads());
        double[][] lambdas = steps.differential() ? times(x, find(layer, "lambda_proj.weight"), null) : null;
        double[] weights = tensors.get("transformer.h." + layer + ".attn.gate_proj.weight");
        double[][] gates = weights == null ? null : times(x, weights, null);
        int group = form.heads() / form.keyValueHeads();
        int signals = steps.differential() ? group - 1 : group;
        int size = form.headDim();
        double[][] y = new double[x.length][form.keyValueHeads() * signals * size];
        for (int t = 0; t < x.length; t++) {
            for (int i = 0; i < y[t].length; i++) {
                int g = i / size / signals;
                double out = heads[t][g * group + i / size % signals][i % size];
                if (lambdas != null) {
                    out -= sigmoid(lambdas[t][g]) * heads[t][g * group + group - 1][i % size];
                }
                if (gates != null) {
                    double gate = gates[t][steps.gate().headwise() ? i / size : i] + steps.gate().offset();
                    out *= (steps.gate().sigmoid() ? 1 : gate) * sigmoid(gate);
                }
                y[t][i] = out;
            }
        }
        return y;
    }

    private static double[][][] split(double[][] x, int heads) {
        int size = x[0].length / heads;
        double[][][] split = new double[x.length][heads][size];
        for (int t = 0; t < x.length; t++) {
            for (int h = 0; h < heads; h++) {
                System.arraycopy(x[t], h * size, split[t][h], 0, size);
            }
        }
        return split;
    }

    private Heads tensorProduct(int layer, TpaConfig form, double[][] x) {
        double[][][] k = rotated(split(times(x, find(layer, "W_B_k.weight"), null), form.keyRank()));
        double[][][] v = split(times(x, find(layer, "W_B_v.weight"), null), form.valueRank());
        double[][][] q = form.queryRank() == 0
                ? rotated(split(times(x, find(layer, "c_q.weight"), null), form.heads()))
                : mean(times(x, find(layer, "W_A_q.weight"), null),
                        rotated(split(times(x, find(layer, "W_B_q.weight"), null), form.queryRank())));
        return new Heads(
                q, mean(times(x, find(layer, "W_A_k.weight"), null), k),
                mean(times(x, find(layer, "W_A_v.weight"), null), v));
    }

    private double[][][] mean(double[][] a, double[][][] b) {
        return mean(a, b, attention.heads());
    }

    /** Returns (1/R) Σ_r a[h][r] b[r]. */
    private static double[][][] mean(double[][] a, double[][][] b, int heads) {
        int rank = b[0].length;
        double[][][] mean = new double[a.length][heads][b[0][0].length];
        for (int t = 0; t < a.length; t++) {
            for (int h = 0; h < heads; h++) {
                for (int r = 0; r < rank; r++) {
                    for (int i = 0; i < mean[t][h].length; i++) {
                        mean[t][h][i] += a[t][h * rank + r] * b[t][r][i] / rank;
                    }
                }
            }
        }
        return mean;
    }

    private Heads grouped(int layer, GroupedQueryConfig form, double[][] x) {
        double[][][] q = split(
                times(x, find(layer, "c_q.weight", "q_proj.weight"), find(layer, "q_proj.bias")), form.heads());
        double[][][] k = split(
                times(x, find(layer, "c_k.weight", "k_proj.weight"), find(layer, "k_proj.bias")), form.keyValueHeads());
        double[][][] v = split(
                times(x, find(layer, "c_v.weight", "v_proj.weight"), find(layer, "v_proj.bias")), form.keyValueHeads());
        int normed = form.options().normEpsilon() > 0 ? x.length : 0;
        for (int t = 0; t < normed; t++) {
            q[t] = norm(q[t], find(layer, "q_norm.weight"), form.options().normEpsilon());
            k[t] = norm(k[t], find(layer, "k_norm.weight"), form.options().normEpsilon());
        }
        return form.options().unrotated().contains(layer)
                ? new Heads(q, k, v)
                : new Heads(rotated(q), rotated(k), v);
    }

    private Heads latent(int layer, LatentConfig form, double[][] x) {
        int nope = form.nope();
        int rope = form.rope();
        double[][] latents = times(x, find(layer, "kv_a_proj_with_mqa.weight"), null);
        double[][] queryLatents = times(x, find(layer, "q_a_proj.weight"), null);
        double[][][] kPe = new double[x.length][1][];
        for (int t = 0; t < x.length; t++) {
            kPe[t][0] = Arrays.copyOfRange(latents[t], form.keyValueRank(), form.keyValueRank() + rope);
            latents[t] = norm(Arrays.copyOf(latents[t], form.keyValueRank()),
                    find(layer, "kv_a_layernorm.weight"), 1e-6, form.factors().latent());
            queryLatents[t] =
                    norm(queryLatents[t], find(layer, "q_a_layernorm.weight"), 1e-6, form.factors().query());
        }
        rotated(kPe);
        double[][][] q = split(times(queryLatents, find(layer, "q_b_proj.weight"), null), form.heads());
        double[][][] ups = split(times(latents, find(layer, "kv_b_proj.weight"), null), form.heads());
        double[][][] k = new double[x.length][form.heads()][];
        double[][][] v = new double[x.length][form.heads()][];
        for (int t = 0; t < x.length; t++) {
            for (int h = 0; h < form.heads(); h++) {
                double[] qPe = Arrays.copyOfRange(q[t][h], nope, nope + rope);
                rotate(qPe, t);
                System.arraycopy(qPe, 0, q[t][h], nope, rope);
                k[t][h] = Arrays.copyOf(ups[t][h], nope + rope);
                System.arraycopy(kPe[t][0], 0, k[t][h], nope, rope);
                v[t][h] = Arrays.copyOfRange(ups[t][h], nope, ups[t][h].length);
            }
        }
        return new Heads(q, k, v);
    }

    private double[][][] rotated(double[][][] x) {
        for (int t = 0; t < x.length; t++) {
            for (double[] vector : x[t]) {
                rotate(vector, t);
            }
        }
        return x;
    }

    /** Rotates by RoPE: angles in f32, tables rounded to bf16 if the config says so. */
    private void rotate(double[] x, int position) {
        Rope.Config rope = config.rope();
        int pairs = rope.rotaryDim() / 2;
        for (int i = 0; i < pairs; i++) {
            float frequency = rope.frequencies().isEmpty()
                    ? 1f / (float) Math.pow(10000, (float) (2 * i) / (float) rope.rotaryDim())
                    : rope.frequencies().get(i);
            float angle = position * frequency;
            double decay = rope.decayBase() == 0 ? 1 : Math.exp(angle * (double) (float) Math.log(rope.decayBase()));
            double c = table(Math.cos(angle)) * decay;
            double s = table(Math.sin(angle)) * decay * (rope.form().counterclockwise() ? -1 : 1);
            int first = rope.form().adjacent() ? 2 * i : i;
            int second = rope.form().adjacent() ? 2 * i + 1 : i + pairs;
            double x1 = x[first];
            double x2 = x[second];
            x[first] = x1 * c + x2 * s;
            x[second] = x2 * c - x1 * s;
        }
    }

    private double table(double value) {
        float single = (float) value;
        if (!config.rope().form().rounded()) {
            return single;
        }
        int bits = Float.floatToRawIntBits(single);
        bits += 0x7fff + (bits >>> 16 & 1); // to nearest, halves to even
        return Float.intBitsToFloat(bits & 0xffff0000);
    }
}
