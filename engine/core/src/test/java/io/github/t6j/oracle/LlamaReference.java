package io.github.t6j.oracle;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * The families llama, mistral, qwen2, qwen3, smollm3, qwen3_moe and mixtral in double, from a config.json and tensors
 * in Hugging Face's layout. It shares nothing with the engine but the reader of weights. RoPE is plain, linear, llama3
 * or yarn.
 */
public final class LlamaReference implements Reference {
    private final Weights w;
    private final Map<String, Object> config;
    private final String type;
    private final int width;
    private final int heads;
    private final int headDim;
    private final int keyHeads;
    private final double epsilon;
    private final Map<?, ?> rope;
    private final double theta;

    public LlamaReference(Weights w, Map<String, Object> config) {
        this.w = w;
        this.config = config;
        type = (String) config.get("model_type");
        width = w.size("model.embed_tokens.weight", 1);
        heads = (int) number("num_attention_heads", 0);
        headDim = w.size("model.layers.0.self_attn.q_proj.weight", 0) / heads;
        keyHeads = w.size("model.layers.0.self_attn.k_proj.weight", 0) / headDim;
        epsilon = number("rms_norm_eps", 1e-6);
        Object scaling =
                config.get("rope_scaling") == null ? config.get("rope_parameters") : config.get("rope_scaling");
        rope = scaling instanceof Map<?, ?> map ? map : Map.of();
        double absent = type.equals("smollm3") ? 2e6 : type.equals("mixtral") ? 1e6 : 1e4;
        theta = of(rope, "rope_theta", number("rope_theta", absent));
    }

    /** Rounding of a product's inputs. */
    public interface Rounding {
        /** Returns {@code rows} rounded for {@code matrix}, a tensor's name. */
        double[][] round(double[][] rows, String matrix);
    }

    @Override
    public double[][] logits(int... ids) {
        return logits(ids, (rows, matrix) -> rows);
    }

    /** Logits [ids][vocabulary] where products round their inputs. */
    public double[][] logits(int[] ids, Rounding rounding) {
        boolean tied = (Boolean) config.getOrDefault("tie_word_embeddings", type.equals("smollm3"));
        return times(hiddenStates(layers(), ids, rounding), tied ? "model.embed_tokens.weight" : "lm_head.weight",
                rounding);
    }

    private int layers() {
        return (int) number("num_hidden_layers", 0);
    }

    @Override
    public double[][] hiddenStates(int layers, int... ids) {
        return hiddenStates(layers, ids, (rows, matrix) -> rows);
    }

    /** Hidden states where products round their inputs. */
    public double[][] hiddenStates(int layers, int[] ids, Rounding rounding) {
        double[] embedding = w.get("model.embed_tokens.weight");
        double[][] x = new double[ids.length][];
        for (int t = 0; t < ids.length; t++) {
            x[t] = Arrays.copyOfRange(embedding, ids[t] * width, (ids[t] + 1) * width);
        }
        for (int layer = 0; layer < layers; layer++) {
            String block = "model.layers." + layer + ".";
            double[][] h = norm(x, width, block + "input_layernorm.weight");
            Float64.add(x, times(attention(block + "self_attn.", layer, h, rounding), block + "self_attn.o_proj.weight",
                    rounding));
            h = norm(x, width, block + "post_attention_layernorm.weight");
            Float64.add(x, feedForward(block, h, rounding));
        }
        return layers < layers() ? x : norm(x, width, "model.norm.weight");
    }

    private double[][] feedForward(String block, double[][] h, Rounding rounding) {
        String moe = block + (type.equals("mixtral") ? "block_sparse_moe." : "mlp.");
        return w.has(moe + "gate.weight")
                ? experts(moe, h, rounding)
                : gated(h, rounding, moe + "gate_proj.weight", moe + "up_proj.weight", moe + "down_proj.weight");
    }

    private double[][] gated(double[][] h, Rounding rounding, String gate, String up, String down) {
        return times(Float64.gated(times(h, gate, rounding), times(h, up, rounding)), down, rounding);
    }

    /** Each row's experts with the largest scores, in the order of the choice. The router's input is never rounded. */
    private double[][] experts(String moe, double[][] h, Rounding rounding) {
        boolean mixtral = type.equals("mixtral");
        double[][] scores = w.times(h, moe + "gate.weight");
        double[][] y = new double[h.length][width];
        for (int t = 0; t < h.length; t++) {
            double[] p = Arrays.stream(scores[t]).map(Math::exp).toArray();
            double sum = Arrays.stream(p).sum();
            double[] row = scores[t];
            int[] best = IntStream.range(0, p.length).boxed().sorted((a, b) -> Double.compare(row[b], row[a]))
                    .mapToInt(expert -> expert).limit((int) number("num_experts_per_tok", mixtral ? 2 : 8)).toArray();
            if (mixtral || Boolean.TRUE.equals(config.get("norm_topk_prob"))) {
                sum = Arrays.stream(best).mapToDouble(expert -> p[expert]).sum();
            }
            for (int expert : best) {
                String one = moe + "experts." + expert + ".";
                double[] out = gated(
                        new double[][] {h[t]}, rounding, one + (mixtral ? "w1" : "gate_proj") + ".weight",
                        one + (mixtral ? "w3" : "up_proj") + ".weight",
                        one + (mixtral ? "w2" : "down_proj") + ".weight")[0];
                for (int i = 0; i < width; i++) {
                    y[t][i] += p[expert] / sum * out[i];
                }
            }
        }
        return y;
    }

    private double[][] times(double[][] x, String matrix, Rounding rounding) {
        return w.times(rounding.round(x, matrix), matrix);
    }

    private double[][] norm(double[][] x, int size, String gain) {
        return Float64.rms(x, size, w.get(gain), epsilon, 1);
    }

    private double[][] attention(String attn, int layer, double[][] h, Rounding rounding) {
        double[][] q = times(h, attn + "q_proj.weight", rounding);
        double[][] k = times(h, attn + "k_proj.weight", rounding);
        if (type.startsWith("qwen3")) {
            q = norm(q, headDim, attn + "q_norm.weight");
            k = norm(k, headDim, attn + "k_norm.weight");
        }
        if (rotates(layer)) {
            q = turned(q);
            k = turned(k);
        }
        return Float64.attend(q, k, times(h, attn + "v_proj.weight", rounding), heads, keyHeads,
                1 / Math.sqrt(headDim), window(layer));
    }

    /** SmolLM3: 1 in no_rope_layers means RoPE; by default each fourth layer has none. */
    private boolean rotates(int layer) {
        return !type.equals("smollm3") || (config.get("no_rope_layers") instanceof List<?> list
                ? ((Number) list.get(layer)).intValue() != 0
                : (layer + 1) % (int) number("no_rope_layer_interval", 4) != 0);
    }

    private int window(int layer) {
        if (type.equals("llama") || config.containsKey("sliding_window") && config.get("sliding_window") == null) {
            return Integer.MAX_VALUE;
        }
        if (type.equals("mixtral")) {
            return (int) number("sliding_window", Integer.MAX_VALUE);
        }
        boolean slides = Boolean.TRUE.equals(config.get("use_sliding_window")) && switch (type) {
            case String any when config.get("layer_types") instanceof List<?> types && !any.equals("qwen3_moe") ->
                types.get(layer).equals("sliding_attention");
            case "smollm3" -> config.get("sliding_window") != null && !rotates(layer);
            case "qwen3_moe" -> true;
            default -> layer >= number("max_window_layers", 28);
        };
        return type.equals("mistral") || slides ? (int) number("sliding_window", 4096) : Integer.MAX_VALUE;
    }

    private double[][] turned(double[][] x) {
        float[] frequencies = Float64.frequencies(headDim, theta);
        double factor = scale(frequencies);
        float[][] angles = Float64.angles(x.length, frequencies);
        double[][] cos = new double[x.length][headDim / 2];
        double[][] sin = new double[x.length][headDim / 2];
        for (int t = 0; t < x.length; t++) {
            for (int i = 0; i < headDim / 2; i++) {
                cos[t][i] = (float) Math.cos(angles[t][i]) * (float) factor;
                sin[t][i] = (float) Math.sin(angles[t][i]) * (float) factor;
            }
        }
        return Float64.rotate(x, headDim, 0, cos, sin);
    }

    /** Scales frequencies as config.json says, each step in float. @return factor of cosines and sines */
    private double scale(float[] inverse) {
        Object kind = rope.containsKey("rope_type") ? rope.get("rope_type") : rope.get("type");
        float factor = (float) of(rope, "factor", 1);
        double original = of(rope, "original_max_position_embeddings", number("max_position_embeddings", 0));
        float low = (float) Math.max(0, Math.floor(dimension(original, of(rope, "beta_fast", 32))));
        float high = (float) Math.min(headDim - 1, Math.ceil(dimension(original, of(rope, "beta_slow", 1))));
        for (int i = 0; i < inverse.length; i++) {
            float inv = inverse[i];
            inverse[i] = switch ((String) kind) {
                case null -> inv;
                case "linear" -> inv / factor;
                case "llama3" -> llama3(inv, (float) original, factor);
                case "yarn" -> {
                    float keep = 1f - Math.clamp((i - low) / (high - low), 0f, 1f);
                    float power = (float) Math.pow(theta, (float) (2 * i) / headDim);
                    yield 1f / (factor * power) * (1f - keep) + inv * keep;
                }
                default -> throw new IllegalArgumentException("no oracle for RoPE " + kind);
            };
        }
        return "yarn".equals(kind) ? of(rope, "attention_factor", 0.1 * Math.log(factor) + 1) : 1;
    }

    /** YaRN: the dimension whose pair turns so often within {@code original} positions. */
    private double dimension(double original, double turns) {
        return headDim * Math.log(original / (turns * 2 * Math.PI)) / (2 * Math.log(theta));
    }

    private float llama3(float inv, float original, float factor) {
        float low = (float) of(rope, "low_freq_factor", 1);
        float high = (float) of(rope, "high_freq_factor", 4);
        float wave = 1f / inv * (float) (2 * Math.PI);
        float smooth = (1f / wave * original - low) / (high - low);
        float mixed = (1f - smooth) * inv / factor + smooth * inv;
        return wave > original / low ? inv / factor : wave < original / high ? inv : mixed;
    }

    private double number(String key, double absent) {
        return of(config, key, absent);
    }

    private static double of(Map<?, ?> map, String key, double absent) {
        return map.get(key) instanceof Number number ? number.doubleValue() : absent;
    }
}
