package io.github.t6j.model;

import io.github.t6j.ModelFormatException;
import io.github.t6j.weights.ConvertedMatrices;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.TensorReader;
import java.lang.foreign.Arena;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/** Tensors of a checkpoint by name; each is checked on access. */
public final class NamedTensors {
    /** Largest dimension, twenty times the largest vocabulary; 128 rows of this length fit in an array. */
    private static final int MAX_SIZE = 1 << 22;

    /** Names of buffers without weights: RoPE's frequencies in old Llama files, a schedule of Olala's training. */
    private static final List<String> UNUSED = List.of(".rotary_emb.inv_freq", ".prosres_scalar");

    /** End of the names of tensors with the matrices of all experts. */
    private static final String EXPERTS = "experts.weight";

    /** Limit of the tensors after these are split; Olala 7A1B has fewer than 20,000. */
    private static final int MAX_SPLIT = 1 << 18;

    /** Prefix of the names in a language model's file; the file of its base model lacks it. */
    private static final String PREFIX = "model.";

    /** Name that identifies the file of a base model, such as an embedding model. */
    private static final String BASE = "embed_tokens.weight";

    /** Prefix of the text model's names in the file of a multimodal model, such as Gemma 3. */
    private static final String NESTED = "language_model.";

    /** Prefixes of tensors that a multimodal model needs only for images. */
    private static final List<String> IMAGES = List.of("vision_tower.", "multi_modal_projector.");

    private final Map<String, Tensor> tensors = new LinkedHashMap<>();
    private final String where;
    private final TensorReader reader;
    private final byte[] changes;

    /** @param where name of the checkpoint in errors */
    public NamedTensors(Map<String, Tensor> all, String where) {
        this(all, where, TensorReader.IN_MEMORY);
    }

    /** @param reader reads the elements of these tensors */
    public NamedTensors(Map<String, Tensor> all, String where, TensorReader reader) {
        this(all, where, reader, new byte[0]);
    }

    private NamedTensors(Map<String, Tensor> all, String where, TensorReader reader, byte[] changes) {
        this.where = where;
        this.reader = reader;
        this.changes = changes;
        String prefix = all.containsKey(BASE) ? PREFIX : "";
        boolean nested = all.keySet().stream().anyMatch(name -> name.contains(NESTED));
        for (Map.Entry<String, Tensor> entry : byExpert(all, where).entrySet()) {
            String name = nested ? nameInText(entry.getKey()) : entry.getKey();
            if (name != null && UNUSED.stream().noneMatch(name::endsWith)) {
                tensors.put(prefix + name, entry.getValue());
            }
        }
    }

    /**
     * Returns the tensors with a matrix for each expert in place of those of all experts, [experts][rows][columns]:
     * {@code experts.weight} becomes {@code experts.0.weight} and so on.
     *
     * @throws ModelFormatException if there are too many experts, or their matrices are empty
     */
    public static Map<String, Tensor> byExpert(Map<String, Tensor> all, String where) {
        Map<String, Tensor> split = new LinkedHashMap<>();
        all.forEach((name, tensor) -> {
            if (!name.endsWith(EXPERTS) || tensor.shape().size() != 3) {
                split.put(name, tensor);
                return;
            }
            boolean isEmpty = tensor.shape().stream().anyMatch(size -> size < 1);
            if (isEmpty || tensor.rowCount() > MAX_SPLIT - split.size()) {
                throw new ModelFormatException(where + ": " + name + ": expected sizes from 1, and at most " + MAX_SPLIT
                        + " tensors with those of all experts, found shape " + tensor.shape()
                        + "; the file is damaged or malicious");
            }
            for (int expert = 0; expert < tensor.rowCount(); expert++) {
                String ofOne = name.replace(EXPERTS, "experts." + expert + ".weight");
                split.put(ofOne, tensor.matrix(expert, ofOne));
            }
        });
        return split;
    }

    /** Returns the text model's name for a multimodal model's tensor, or null if it serves only images. */
    public static String nameInText(String name) {
        String inner = name.startsWith(PREFIX) ? name.substring(PREFIX.length()) : name;
        if (IMAGES.stream().anyMatch(inner::startsWith)) {
            return null;
        }
        return name.startsWith(NESTED) ? name.substring(NESTED.length()) : name.replace(PREFIX + NESTED, PREFIX);
    }

    /** Returns the name of the checkpoint in errors. */
    public String where() {
        return where;
    }

    /** Returns true if a tensor of that name exists. */
    public boolean has(String name) {
        return tensors.containsKey(name);
    }

    /** Returns the number of tensors. */
    public int count() {
        return tensors.size();
    }

    /** Returns a few names for an error message. */
    public String sample() {
        List<String> names = List.copyOf(tensors.keySet());
        return names.isEmpty() ? "no tensors" : String.join(", ", names.subList(0, Math.min(3, names.size()))) + " …";
    }

    /** @throws ModelFormatException if the tensor is missing or does not hold weights */
    public Tensor get(String name) {
        Tensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new ModelFormatException(where + ": expected the tensor " + name + ", found no such tensor");
        }
        if (!tensor.dtype().isFloating()) {
            throw new ModelFormatException(where + ": " + name + ": expected weights, found " + tensor.dtype()
                    + "; quantised weights need t6j.quantized in the file's metadata: convert the model again");
        }
        for (long size : tensor.shape()) {
            if (size < 1 || size > MAX_SIZE) {
                throw new ModelFormatException(where + ": " + name + ": expected sizes from 1 to " + MAX_SIZE
                        + ", found shape " + tensor.shape() + "; the file is damaged or malicious");
            }
        }
        return tensor;
    }

    /** @throws ModelFormatException if the tensor is missing or is not a matrix */
    public Tensor matrix(String name) {
        Tensor tensor = get(name);
        if (tensor.shape().size() != 2) {
            throw new ModelFormatException(where + ": " + name + ": expected a matrix, found shape " + tensor.shape());
        }
        return tensor;
    }

    /**
     * Returns these tensors with matrices in another type, see {@link ConvertedMatrices}.
     *
     * @param kept names of matrices that keep their type
     */
    public NamedTensors converted(DType type, Predicate<String> kept) {
        return new NamedTensors(tensors, where, new ConvertedMatrices(reader, type, kept), changes);
    }

    /**
     * Returns these tensors with elements that another reader changes.
     *
     * @param fingerprint of the changes; it becomes part of the model's
     */
    public NamedTensors readBy(TensorReader changing, byte[] fingerprint) {
        return new NamedTensors(tensors, where, changing, fingerprint);
    }

    /** Returns the fingerprint of the changes to these tensors' elements; empty without changes. */
    byte[] changes() {
        return changes;
    }

    /** Returns the reader of these tensors' elements. */
    public TensorReader reader() {
        return reader;
    }

    /**
     * Returns the tensor of {@code spec}, under either of its names.
     *
     * @throws ModelFormatException if the tensor is missing or has another shape
     */
    public Tensor get(TensorSpec spec) {
        Tensor tensor = spec.alias() == null ? get(spec.name()) : tied(spec.alias(), spec.name());
        if (spec.shape().size() == 2) {
            matrix(has(spec.name()) ? spec.name() : spec.alias());
        }
        boolean isScalar = spec.elements() == 1 && tensor.elementCount() == 1; // of any number of dimensions
        if (!tensor.shape().equals(spec.shape()) && !isScalar) {
            throw new ModelFormatException(where + ": " + spec.name() + ": expected shape " + spec.shape() + ", found "
                    + tensor.shape());
        }
        return tensor;
    }

    /**
     * Fills {@code into} with the elements of the tensor of {@code spec}.
     *
     * @throws ModelFormatException if the tensor is missing or has another shape
     */
    public void read(TensorSpec spec, float[] into) {
        try (Arena copies = Arena.ofConfined()) {
            reader.whole(get(spec), copies).read(0, into, 0, into.length);
        }
    }

    /**
     * Returns a matrix that has one of two names, or both.
     *
     * @throws ModelFormatException if neither name exists, or both do and the matrices differ
     */
    public Tensor tied(String first, String second) {
        if (!has(first) && !has(second)) {
            throw new ModelFormatException(
                    where + ": expected " + first + " or " + second + ", found neither: " + sample());
        }
        if (differ(first, second)) {
            throw ModelFormatException.unsupported(where + ": expected " + first + " and " + second
                    + " to be one tied matrix, found two different matrices; t6j runs models with tied embeddings");
        }
        return matrix(has(second) ? second : first);
    }

    /** Returns true if matrices of both names exist and differ, so that they are not one tied matrix. */
    public boolean differ(String first, String second) {
        return has(first) && has(second) && !same(matrix(first), matrix(second));
    }

    private static boolean same(Tensor a, Tensor b) {
        return a.shape().equals(b.shape()) && a.dtype() == b.dtype() && a.data().mismatch(b.data()) < 0;
    }

    /**
     * Checks that {@code specs} name all tensors, except a classification head, which is not part of the language model.
     *
     * @throws ModelFormatException if a tensor is not named: the model would be computed without it
     */
    public void checkAllUsed(List<TensorSpec> specs, String family) {
        Set<String> unknown = new HashSet<>(tensors.keySet());
        unknown.remove("score.weight");
        specs.forEach(spec -> {
            unknown.remove(spec.name());
            unknown.remove(spec.alias());
        });
        if (!unknown.isEmpty()) {
            String first = tensors.keySet().stream().filter(unknown::contains).findFirst().orElseThrow();
            throw ModelFormatException.unsupported(where + ": expected the tensors of a " + family + " model, found "
                    + unknown.size() + " unknown tensors, the first " + first);
        }
    }
}
