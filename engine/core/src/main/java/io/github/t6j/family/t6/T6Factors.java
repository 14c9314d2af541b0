package io.github.t6j.family.t6;

import io.github.t6j.ModelFormatException;
import io.github.t6j.attention.AttentionConfig;
import io.github.t6j.attention.TensorRole;
import io.github.t6j.attention.tpa.TpaConfig;
import io.github.t6j.attention.tpa.forms.Factor;
import io.github.t6j.attention.tpa.forms.HeadActivation;
import io.github.t6j.attention.tpa.forms.TpaForm;
import io.github.t6j.family.ConfigJson;
import io.github.t6j.family.ModelMetadata;
import io.github.t6j.family.Shapes;
import io.github.t6j.family.VariantJson;
import io.github.t6j.model.TensorSpec;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Determines the tensor product attention of a checkpoint: names show which factors are projections and which are
 * parameters, shapes give the sizes, t6j.json the rest.
 */
public final class T6Factors {
    private final Shapes tensors;
    private final ConfigJson config;
    private final VariantJson variant;
    private final boolean wholeQuery;
    private final boolean hasThird;
    private final Set<Factor> fixed = EnumSet.noneOf(Factor.class);

    private T6Factors(Shapes tensors, ModelMetadata description) {
        this.tensors = tensors;
        config = description.config();
        variant = description.variantJson();
        wholeQuery = tensors.hasAttention("c_qkv.c_q");
        hasThird = tensors.hasAttention("c_qkv.W_C_k");
    }

    /** Returns true if the weights belong to a tensor product attention. */
    public static boolean serves(Shapes tensors) {
        return tensors.hasAttention(projection(Factor.A_K)) || tensors.has(parameter(0, Factor.A_K));
    }

    /** Reads a {@link TpaConfig}, or a {@link TpaForm} that only the paper describes. */
    public static AttentionConfig read(Shapes tensors, ModelMetadata description) {
        return new T6Factors(tensors, description).read().simplified();
    }

    private static TpaForm form(AttentionConfig attention) {
        return attention instanceof TpaConfig config ? TpaForm.official(config) : (TpaForm) attention;
    }

    /** Returns the tensors of a layer's factors: projections in the order of a row, then fixed factors. */
    public static List<TensorSpec> tensors(int layer, AttentionConfig attention, int width) {
        TpaForm form = form(attention);
        List<TensorSpec> specs = new ArrayList<>();
        projections(form).forEach(
                (name, rows) -> specs.add(Shapes.attention(TensorRole.PROJECTION, layer, name, rows, width)));
        for (Factor factor : form.fixed()) {
            specs.add(TensorSpec.of(
                    factor.fixedRole(), layer, parameter(layer, factor), form.rows(factor),
                    form.columns(factor)));
        }
        return specs;
    }

    /**
     * Returns the row counts of the matrices that produce a row of projections, in order, by name inside the attention.
     */
    private static Map<String, Long> projections(TpaForm form) {
        Map<String, Long> rows = new LinkedHashMap<>();
        if (form.config().queryRank() == 0) {
            rows.put("c_qkv.c_q", (long) form.heads() * form.headDim());
        } else {
            rows.put(projection(Factor.B_Q), size(form, Factor.B_Q));
        }
        if (!form.sharedFeatures()) {
            rows.put(projection(Factor.B_K), size(form, Factor.B_K));
        }
        addThird(rows, "c_qkv.W_C_k", form.config().keyRank(), form);
        rows.put(projection(Factor.A_K), size(form, Factor.A_K));
        rows.put(projection(Factor.A_V), size(form, Factor.A_V));
        addThird(rows, "c_qkv.W_C_v", form.config().valueRank(), form);
        Factor values = form.sharedFeatures() ? Factor.B_K : Factor.B_V;
        rows.put(projection(values), size(form, values));
        if (form.config().queryRank() > 0) {
            rows.put(projection(Factor.A_Q), size(form, Factor.A_Q));
            addThird(rows, "c_qkv.W_C_q", form.config().queryRank(), form);
        }
        form.fixed().forEach(factor -> rows.remove(projection(factor)));
        return rows;
    }

    private static long size(TpaForm form, Factor factor) {
        return (long) form.rows(factor) * form.columns(factor);
    }

    private static void addThird(Map<String, Long> rows, String name, int rank, TpaForm form) {
        if (form.thirdDim() > 0) {
            rows.put(name, (long) rank * form.thirdDim());
        }
    }

    /** Returns the name inside the attention, such as c_qkv.W_A_k, of the matrix that projects a factor. */
    static String projection(Factor factor) {
        String name = factor.name();
        return "c_qkv.W_" + name.charAt(0) + "_" + Character.toLowerCase(name.charAt(2));
    }

    /** Returns the full name, such as transformer.h.0.attn.c_qkv.a_k, of the parameter of a fixed factor. */
    static String parameter(int layer, Factor factor) {
        return Shapes.block(layer) + "attn.c_qkv." + word(factor);
    }

    private static String word(Factor factor) {
        return factor.name().toLowerCase(Locale.ROOT);
    }

    /** Returns the model's name: T6 or T6 KV-only, and its differences from the official models. */
    public static String name(AttentionConfig attention) {
        TpaForm form = form(attention);
        StringBuilder name = new StringBuilder(form.config().queryRank() > 0 ? "T6" : "T6 KV-only");
        if (form.thirdDim() > 0) {
            name.append(", third order");
        }
        if (!form.fixed().isEmpty()) {
            name.append(", fixed ").append(String.join(" ", words(form.fixed())));
        }
        if (form.sharedFeatures()) {
            name.append(", shared B");
        }
        if (form.activation() != HeadActivation.LINEAR) {
            name.append(", ").append(form.activation().name().toLowerCase(Locale.ROOT)).append(" A");
        }
        return name.toString();
    }

    private static Set<String> words(Set<Factor> factors) {
        Set<String> words = new TreeSet<>();
        factors.forEach(factor -> words.add(word(factor)));
        return words;
    }

    private TpaForm read() {
        findFixed();
        boolean shared = !tensors.hasAttention(projection(Factor.B_V)) && !fixed.contains(Factor.B_V);
        int order = hasThird ? 3 : 2;
        variant.check("order", variant.order(order), order, "the presence or absence of c_qkv.W_C_k");
        variant.check("shared_b", variant.sharedB(shared), shared, "the presence or absence of c_qkv.W_B_v or b_v");
        if (variant.has("fixed")) {
            variant.check("fixed", new TreeSet<>(variant.fixed()), words(fixed), "the names of c_qkv's parameters");
        }
        long out = tensors.attentionColumns("c_proj"); // h·d
        int heads = heads(out);
        int headDim = tensors.quotient(out, heads, "columns of c_proj", "heads");
        int keyRank = rank(Factor.A_K, heads);
        int valueRank = rank(Factor.A_V, heads);
        int queryRank = wholeQuery ? 0 : rank(Factor.A_Q, heads);
        int thirdDim = hasThird
                ? tensors.quotient(tensors.attentionRows("c_qkv.W_C_k"), keyRank, "rows of W_C_k", "rank of A_K")
                : 0;
        if (shared && keyRank != valueRank) {
            throw new ModelFormatException(tensors.where() + ": B is shared (W_B_v is missing), so expected equal ranks"
                    + " of A_K and A_V, found " + keyRank + " and " + valueRank);
        }
        if (hasThird) {
            tensors.quotient(headDim, thirdDim, "head size", "size of C");
        }
        HeadActivation activation = HeadActivation.valueOf(
                variant.word("head_factors", "linear").toUpperCase(Locale.ROOT));
        TpaForm form = new TpaForm(
                new TpaConfig(heads, headDim, headDim, queryRank, keyRank, valueRank), thirdDim, activation, shared,
                fixed);
        if (projections(form).isEmpty()) {
            throw new ModelFormatException(tensors.where() + ": expected a factor that depends on the token, found all"
                    + " six fixed (" + String.join(", ", words(fixed)) + "): the attention would ignore its input");
        }
        checkShapes(form);
        checkConfig(form);
        return form;
    }

    private void findFixed() {
        for (Factor factor : Factor.values()) {
            String parameter = parameter(0, factor);
            if (tensors.has(parameter)) {
                fixed.add(factor);
                String projection = Shapes.attention(0, projection(factor));
                if (wholeQuery && (factor == Factor.A_Q || factor == Factor.B_Q) || tensors.has(projection)) {
                    throw new ModelFormatException(tensors.where() + ": expected one of " + parameter + " and "
                            + (wholeQuery ? Shapes.attention(0, "c_qkv.c_q") : projection) + ", found both");
                }
            }
        }
    }

    /** Returns the number of heads, from any shapes that determine it. */
    private int heads(long out) {
        if (fixed.contains(Factor.A_K)) {
            return Math.toIntExact(tensors.parameterShape(parameter(0, Factor.A_K)).getFirst());
        }
        if (hasThird) {
            return config.required("n_head", "the shapes of a third order do not show the number of heads");
        }
        if (fixed.contains(Factor.B_K)) {
            long headDim = tensors.parameterShape(parameter(0, Factor.B_K)).getLast();
            return tensors.quotient(out, headDim, "columns of c_proj", "columns of b_k");
        }
        long aK = tensors.attentionRows(projection(Factor.A_K)); // h·R_K
        long bK = tensors.attentionRows(projection(Factor.B_K)); // R_K·d
        return tensors.root(aK * out, bK, "W_A_k, W_B_k and c_proj");
    }

    private int rank(Factor heads, int count) {
        if (fixed.contains(heads)) {
            return Math.toIntExact(tensors.parameterShape(parameter(0, heads)).getLast());
        }
        String name = projection(heads);
        return tensors.quotient(tensors.attentionRows(name), count, "rows of " + name, "heads");
    }

    private void checkShapes(TpaForm form) {
        if (wholeQuery) {
            tensors.checkAttentionRows("c_qkv.c_q", (long) form.heads() * form.headDim());
        } else {
            checkFeatures(Factor.B_Q, form.config().queryRank(), form);
        }
        checkFeatures(Factor.B_K, form.config().keyRank(), form);
        if (!form.sharedFeatures()) {
            checkFeatures(Factor.B_V, form.config().valueRank(), form);
        }
        if (hasThird) {
            tensors.checkAttentionRows("c_qkv.W_C_v", (long) form.config().valueRank() * form.thirdDim());
            if (!wholeQuery) {
                tensors.checkAttentionRows("c_qkv.W_C_q", (long) form.config().queryRank() * form.thirdDim());
            }
        }
    }

    /** Checks the sizes of projected features; the shapes of parameters are checked when each layer is loaded. */
    private void checkFeatures(Factor factor, int rank, TpaForm form) {
        if (!fixed.contains(factor)) {
            tensors.checkAttentionRows(projection(factor), (long) rank * form.featureDim());
        }
    }

    private void checkConfig(TpaForm form) {
        String shapes = "the attention's shapes";
        config.check("n_head", form.heads(), shapes);
        config.check("head_dim", form.headDim(), shapes);
        if (form.config().queryRank() > 0) {
            config.check("q_rank", form.config().queryRank(), shapes);
        }
        if (form.config().keyRank() == form.config().valueRank()) {
            config.check("rank", form.config().keyRank(), shapes);
        }
        config.check("k_rank", form.config().keyRank(), shapes);
        config.check("v_rank", form.config().valueRank(), shapes);
        if (hasThird) {
            config.check("c_dim", form.thirdDim(), shapes);
        }
    }
}
