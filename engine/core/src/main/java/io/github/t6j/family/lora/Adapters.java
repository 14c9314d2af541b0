package io.github.t6j.family.lora;

import io.github.t6j.ModelFormatException;
import io.github.t6j.attention.TensorRole;
import io.github.t6j.model.NamedTensors;
import io.github.t6j.model.TensorSpec;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.Tensor;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

/** The LoRA adapters of a model, in the order in which they are added to it; open while the model is read. */
public final class Adapters implements AutoCloseable {
    private static final String PREFIX = "model.";

    private final boolean mapped;
    private final List<LoraAdapter> adapters = new ArrayList<>();
    private final Set<DType> rounded = new HashSet<>();

    /** @param mapped true to read the adapters' files through mappings, as {@code Checkpoint.open} */
    public Adapters(boolean mapped) {
        this.mapped = mapped;
    }

    /**
     * Opens an adapter.
     *
     * @param scale factor in addition to the scale of the adapter's configuration
     * @throws ModelFormatException if the folder has no LoRA adapter, or one that needs more than an addition
     */
    public void add(Path folder, float scale) {
        try {
            adapters.add(new LoraAdapter(folder, scale, mapped));
        } catch (ModelFormatException wrong) {
            throw wrong.of(folder);
        }
    }

    /** Returns true if there is no adapter. */
    public boolean isEmpty() {
        return adapters.isEmpty();
    }

    /**
     * Returns a model's tensors with all changes.
     *
     * @param tensors as they are stored
     * @param converted the same tensors in the types that they are to have
     * @param specs the tensors that the model's family lists
     * @throws ModelFormatException if an adapter belongs to another model
     */
    public NamedTensors merged(NamedTensors tensors, NamedTensors converted, List<TensorSpec> specs) {
        if (adapters.isEmpty()) {
            return converted;
        }
        if (specs.stream().anyMatch(spec -> spec.role() == TensorRole.PROJECTIONS)) {
            throw ModelFormatException.unsupported(tensors.where() + ": adapters: expected a model of another family,"
                    + " found an Olala model, whose adapters t6j does not add" + LoraConfig.REMEDY);
        }
        Map<String, TensorSpec> byName = new HashMap<>();
        for (TensorSpec spec : specs) {
            byName.put(spec.name(), spec);
            if (spec.alias() != null) { // the name of a tied output matrix, or of an expert in Mixtral
                byName.put(spec.alias(), spec);
            }
        }
        Map<MemorySegment, List<LoraChange>> changes = new HashMap<>();
        for (LoraAdapter adapter : adapters) {
            try {
                adapter.changes().forEach((module, change) -> {
                    TensorSpec spec = matrix(adapter, module, byName, tensors);
                    Tensor matrix = tensors.get(tensors.has(spec.name()) ? spec.name() : spec.alias());
                    changes.computeIfAbsent(matrix.data(), data -> new ArrayList<>()).add(change);
                    rounded.add(matrix.dtype());
                });
            } catch (ModelFormatException wrong) {
                throw wrong.of(adapter.folder());
            }
        }
        return converted.readBy(new MergedRows(tensors.reader(), converted.reader(), changes), fingerprint());
    }

    private static TensorSpec matrix(
            LoraAdapter adapter, String module, Map<String, TensorSpec> specs, NamedTensors tensors) {
        String name = module + ".weight";
        TensorSpec spec = Stream.of(name, PREFIX + name, NamedTensors.nameInText(name)) // in a base or text model
                .map(specs::get).filter(Objects::nonNull).findFirst().orElse(null);
        String where = adapter.folder() + ": " + module + ": expected ";
        if (spec != null && spec.role() == TensorRole.EMBEDDING) {
            throw ModelFormatException.unsupported(where + "a matrix of a layer, or an untied output matrix, found"
                    + " the embedding" + LoraConfig.REMEDY);
        }
        if (spec == null) {
            throw new ModelFormatException(where + "a matrix of " + tensors.where() + ", found no such tensor in it"
                    + adapter.config().rightModel());
        }
        if (spec.shape().size() != 2) {
            throw ModelFormatException.unsupported(where + "a matrix, found a tensor of shape " + spec.shape()
                    + LoraConfig.REMEDY);
        }
        adapter.checkShapes(module, spec.shape());
        return spec;
    }

    private byte[] fingerprint() {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            adapters.forEach(adapter -> adapter.update(digest));
            return digest.digest();
        } catch (NoSuchAlgorithmException never) {
            throw new IllegalStateException("every JDK has SHA-256", never);
        }
    }

    /**
     * Returns a note for the user if merged matrices are quantised again, or else none.
     *
     * @param type type of the matrices, or null to keep theirs
     */
    public List<String> notes(DType type) {
        boolean again = type == null && rounded.stream().anyMatch(DType::isQuantized);
        return again
                ? List.of("quantised matrices are rounded again after the adapter was added: adding it to the original"
                        + " weights loses less")
                : List.of();
    }

    /** Returns the adapters for display, each after a comma; empty without any. */
    public String description() {
        StringBuilder description = new StringBuilder();
        adapters.forEach(adapter -> description.append(", ").append(adapter));
        return description.toString();
    }

    @Override
    public void close() {
        adapters.forEach(LoraAdapter::close);
    }
}
