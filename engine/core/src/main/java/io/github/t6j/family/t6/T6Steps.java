package io.github.t6j.family.t6;

import io.github.t6j.ModelFormatException;
import io.github.t6j.RopeVariant;
import io.github.t6j.attention.AttentionConfig;
import io.github.t6j.attention.LayerOptions.Scores;
import io.github.t6j.attention.TensorRole;
import io.github.t6j.attention.tpa.TpaConfig;
import io.github.t6j.attention.tpa.steps.SteppedConfig;
import io.github.t6j.attention.tpa.steps.Steps;
import io.github.t6j.attention.tpa.steps.Steps.Gate;
import io.github.t6j.attention.tpa.steps.Steps.Length;
import io.github.t6j.family.ModelMetadata;
import io.github.t6j.family.Shapes;
import io.github.t6j.family.StepKeys;
import io.github.t6j.family.VariantJson;
import io.github.t6j.model.TensorSpec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * T6 and T6 KV-only with the steps of models in production, by the keys of t6j.json in {@link StepKeys}.
 * The tensors of a step show it, too, and must not contradict its key. Keys are mixed and normed after RoPE; queries
 * are normed before it, and the only gain is theirs, since that of keys would be folded into it.
 */
public final class T6Steps {
    private static final String SHIFT = "shift";
    private static final String NORM = "qkNorm";
    private static final String GATE = "gate";
    private static final String HEADWISE = "headwise";
    private static final String DIFFERENTIAL = "differential";
    private static final String LENGTH = "scalableSoftmax";
    /** A tensor of each step that has some, by its key. */
    private static final Map<String, String> TENSORS = Map.of(
            SHIFT, "shift_proj_k", NORM, "q_norm", GATE, "gate_proj", DIFFERENTIAL, "lambda_proj", LENGTH,
            "softmax_scaler");

    private T6Steps() {}

    /**
     * Reads the sizes from the shapes and n_head, and the steps from the tensors and t6j.json. Returns null if neither
     * names a step.
     */
    static SteppedConfig read(Shapes tensors, ModelMetadata description) {
        VariantJson variant = description.variantJson();
        StepKeys steps = variant.steps();
        if (!T6Factors.serves(tensors)) {
            steps.refuse();
            return null;
        }
        if (!steps.any() && TENSORS.values().stream().noneMatch(tensors::hasAttention)) {
            return null;
        }
        refuseForms(variant);
        tensors.check(description.variant() != RopeVariant.LINEARATTN, "softmax attention beside steps", "linearattn");
        tensors.check(!tensors.hasAttention("subln"), "no group norm (attn.subln) beside steps", "one");
        Set<String> names = new TreeSet<>(TENSORS.keySet());
        names.removeIf(key -> !tensors.hasAttention(TENSORS.get(key)));
        TENSORS.forEach((key, tensor) -> {
            if (variant.has(key)) {
                variant.check(key, steps.names(key), names.contains(key), "the presence or absence of " + tensor);
            }
        });
        int heads = description.config().required("n_head", "the shapes of a model with steps do not show it");
        boolean whole = tensors.hasAttention("c_qkv.c_q");
        int queryRank = whole ? 0 : divide(tensors, "c_qkv.W_A_q", heads);
        int headDim = whole ? divide(tensors, "c_qkv.c_q", heads) : divide(tensors, "c_qkv.W_B_q", queryRank);
        int rank = divide(tensors, "c_qkv.W_B_k", headDim);
        int groups = divide(tensors, "c_qkv.W_A_k", rank);
        variant.check("groups", steps.count("groups", groups), groups, "the shapes of W_A_k and W_B_k");
        int signals = names.contains(DIFFERENTIAL) ? heads - groups : heads;
        boolean headwise = names.contains(GATE) && tensors.attentionRows(TENSORS.get(GATE)) == signals;
        if (names.contains(GATE) && variant.has(GATE)) {
            variant.check(GATE, variant.word(GATE, null), headwise ? HEADWISE : "elementwise", "the rows of gate_proj");
        }
        description.config().check("head_dim", headDim, "the attention's shapes");
        return of(heads, headDim, groups, queryRank, rank, steps(steps, names, headwise, headDim));
    }

    private static int divide(Shapes tensors, String name, int by) {
        return tensors.quotient(tensors.attentionRows(name), by, "rows of " + name, "size beside it");
    }

    /** Returns the sizes of a new model. */
    static SteppedConfig of(TpaConfig sizes, VariantJson variant) {
        StepKeys steps = variant.steps();
        refuseForms(variant);
        if (sizes.keyRank() != sizes.valueRank()) {
            throw new ModelFormatException("config.json: expected equal ranks of keys and values beside the steps of "
                    + variant.where() + ", found " + sizes.keyRank() + " and " + sizes.valueRank());
        }
        Set<String> names = new TreeSet<>(TENSORS.keySet());
        names.removeIf(key -> !steps.names(key));
        return of(sizes.heads(), sizes.headDim(), steps.count("groups", sizes.heads()), sizes.queryRank(),
                sizes.keyRank(), steps(steps, names, steps.is(GATE, HEADWISE), sizes.headDim()));
    }

    private static SteppedConfig of(int heads, int headDim, int groups, int queryRank, int rank, Steps steps) {
        boolean differential = steps.differential();
        if (heads % groups != 0 || differential && groups == heads) {
            throw new ModelFormatException("t6j.json: groups: expected a divisor of n_head " + heads
                    + (differential ? " below it, since a group of differential heads has a signal and noise" : "")
                    + ", found " + groups);
        }
        return new SteppedConfig(heads, headDim, groups, queryRank, rank, steps);
    }

    private static Steps steps(StepKeys keys, Set<String> names, boolean headwise, int headDim) {
        double divisor = keys.is("scale", "1/d") ? headDim : 0;
        Gate gate = new Gate(
                headwise, !keys.is("gateActivation", "silu"),
                (float) keys.number("gateOffset"));
        return new Steps(
                names.contains(SHIFT), names.contains(NORM) ? T6Family.EPSILON : 0f,
                names.contains(LENGTH) ? new Length(0) : null,
                new Scores(divisor, (float) keys.number("softCap")), keys.count("slidingWindow", 0),
                names.contains(DIFFERENTIAL), names.contains(GATE) ? gate : null, null);
    }

    private static void refuseForms(VariantJson variant) {
        variant.refuse(
                VariantJson.FACTOR_KEYS, "a model with steps has the official factors");
    }

    /** Adds the tensors of a layer, projections in the order of a row. Returns false if it has no steps. */
    static boolean add(int layer, AttentionConfig attention, int width, List<TensorSpec> specs) {
        if (!(attention instanceof SteppedConfig sizes)) {
            return false;
        }
        Steps steps = sizes.steps();
        long heads = sizes.keyValueHeads();
        long features = (long) sizes.rank() * sizes.headDim();
        Map<String, Long> rows = new LinkedHashMap<>();
        if (sizes.queryRank() == 0) {
            rows.put("c_qkv.c_q", (long) sizes.heads() * sizes.headDim());
        } else {
            rows.put("c_qkv.W_B_q", (long) sizes.queryRank() * sizes.headDim());
            rows.put("c_qkv.W_A_q", (long) sizes.queryRank() * sizes.heads());
        }
        if (steps.gate() != null) {
            rows.put("gate_proj", (long) sizes.gates());
        }
        rows.put("c_qkv.W_B_k", features);
        rows.put("c_qkv.W_A_k", heads * sizes.rank());
        rows.put("c_qkv.W_A_v", heads * sizes.rank());
        rows.put("c_qkv.W_B_v", features);
        if (steps.shift()) {
            rows.put("shift_proj_k", heads);
            rows.put("shift_proj_v", heads);
        }
        if (steps.differential()) {
            rows.put("lambda_proj", heads);
        }
        rows.forEach((name, count) -> specs.add(Shapes.attention(TensorRole.PROJECTION, layer, name, count, width)));
        if (steps.norms()) {
            specs.add(Shapes.attention(TensorRole.QUERY_NORM, layer, "q_norm", sizes.headDim()));
        }
        if (steps.length() != null) {
            specs.add(Shapes.attention(TensorRole.SOFTMAX_SCALE, layer, "softmax_scaler", sizes.heads()));
        }
        specs.add(Shapes.attention(
                TensorRole.ATTENTION_OUTPUT, layer, "c_proj", width, (long) sizes.signalHeads() * sizes.headDim()));
        return true;
    }

    /** Returns the model's name with its steps. */
    static String name(SteppedConfig sizes) {
        Steps steps = sizes.steps();
        List<String> names = new ArrayList<>(List.of(sizes.queryRank() > 0 ? "T6" : "T6 KV-only"));
        add(names, sizes.groupSize() > 1, sizes.keyValueHeads() + " key heads");
        add(names, steps.differential(), "differential heads");
        add(names, steps.shift(), "token shift");
        add(names, steps.norms(), "norms of queries and keys");
        add(names, steps.length() != null, "scalable softmax");
        add(names, steps.scores().divisor() == sizes.headDim(), "scale 1/d");
        add(names, steps.scores().cap() > 0, "soft cap " + steps.scores().cap());
        add(names, steps.window() > 0, "window of " + steps.window());
        add(names, steps.gate() != null, "output gate");
        return String.join(", ", names);
    }

    private static void add(List<String> names, boolean has, String name) {
        if (has) {
            names.add(name);
        }
    }
}
