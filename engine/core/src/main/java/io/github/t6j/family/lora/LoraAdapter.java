package io.github.t6j.family.lora;

import io.github.t6j.ModelFormatException;
import io.github.t6j.json.Json;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.SmallFile;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.checkpoint.Checkpoint;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Folder of an adapter: adapter_config.json, and adapter_model.safetensors (or .bin) with two matrices for each module
 * that it changes, {@code base_model.model.MODULE.lora_A.weight} [rank, inputs] and {@code …lora_B.weight} [outputs,
 * rank].
 */
final class LoraAdapter implements AutoCloseable {
    private static final Pattern NAME =
            Pattern.compile("base_model\\.model\\.(.+)\\.lora_([AB])(?:\\.default)?\\.weight");
    private static final List<String> WEIGHTS = List.of(LoraConfig.WEIGHTS, "adapter_model.bin");
    private static final long PIECE = 1 << 26;

    private final Path folder;
    private final float factor;
    private final LoraConfig config;
    private final Checkpoint checkpoint;
    private final Map<String, LoraChange> changes = new TreeMap<>();

    /**
     * @param factor the user's factor, in addition to the adapter's scale
     * @param mapped as {@link Checkpoint#open}
     * @throws ModelFormatException if the folder has no adapter, or one that cannot be merged
     */
    LoraAdapter(Path folder, float factor, boolean mapped) {
        this.folder = folder;
        this.factor = factor;
        Path file = folder.resolve(LoraConfig.NAME);
        Path weights = WEIGHTS.stream().map(folder::resolve).filter(Files::exists).findFirst().orElse(null);
        if (!Files.exists(file) || weights == null) {
            throw new ModelFormatException(folder + ": expected the folder of a LoRA adapter of PEFT, found no "
                    + (weights == null ? WEIGHTS.getFirst() : LoraConfig.NAME) + " in it");
        }
        config = new LoraConfig(
                Json.parseObject(SmallFile.read(file, SmallFile.CONFIG), file.toString()), file.toString());
        checkpoint = Checkpoint.open(weights, mapped);
        try {
            read();
        } catch (RuntimeException | Error failure) {
            close();
            throw failure;
        }
    }

    private void read() {
        Map<String, Tensor> a = new LinkedHashMap<>();
        Map<String, Tensor> b = new LinkedHashMap<>();
        checkpoint.tensors().forEach((name, tensor) -> {
            Matcher matcher = NAME.matcher(name);
            if (!matcher.matches()) {
                throw ModelFormatException
                        .unsupported(folder + ": expected matrices lora_A and lora_B of modules, found "
                                + name + LoraConfig.REMEDY);
            }
            check(name, tensor);
            if ((matcher.group(2).equals("A") ? a : b).put(matcher.group(1), tensor) != null) {
                throw new ModelFormatException(folder + ": expected one lora_" + matcher.group(2) + " of "
                        + matcher.group(1) + ", found two: the file mixes two adapters");
            }
        });
        a.keySet().forEach(module -> expectBoth(module, b.get(module), "lora_B"));
        b.keySet().forEach(module -> expectBoth(module, a.get(module), "lora_A"));
        if (a.isEmpty()) {
            throw new ModelFormatException(folder + ": expected matrices lora_A and lora_B, found none");
        }
        a.forEach((module, first) -> changes.put(module, new LoraChange(
                checkpoint, first, b.get(module), factor * config.scale(module))));
    }

    private void check(String name, Tensor tensor) {
        DType dtype = tensor.dtype();
        if (!dtype.isFloating() || dtype.isQuantized() || tensor.shape().size() != 2) {
            throw new ModelFormatException(folder + ": " + name + ": expected a matrix of f32, f16 or bf16, found "
                    + dtype.name().toLowerCase(Locale.ROOT) + " of shape " + tensor.shape());
        }
    }

    private void expectBoth(String module, Tensor found, String which) {
        if (found == null) {
            throw new ModelFormatException(folder + ": " + module + ": expected lora_A and lora_B, found no " + which
                    + ": the adapter is incomplete");
        }
    }

    /** Returns the change of each module, by the module's name. */
    Map<String, LoraChange> changes() {
        return changes;
    }

    Path folder() {
        return folder;
    }

    LoraConfig config() {
        return config;
    }

    /** @param shape shape of the module's matrix: [outputs, inputs] */
    void checkShapes(String module, List<Long> shape) {
        LoraChange change = changes.get(module);
        long rank = config.rank(module);
        List<Long> a = List.of(rank, shape.getLast());
        List<Long> b = List.of(shape.getFirst(), rank);
        long max = Math.max(shape.getFirst(), shape.getLast());
        if (rank > max) { // A is in memory several times while the matrix is packed
            throw new ModelFormatException(folder + ": " + module + ": expected a rank of at most " + max
                    + " for a matrix " + shape + ", found " + rank + config.rightModel());
        }
        if (!change.a().shape().equals(a) || !change.b().shape().equals(b)) {
            throw new ModelFormatException(folder + ": " + module + ": expected lora_A " + a + " and lora_B " + b
                    + " for a matrix " + shape + " and rank " + rank + ", found " + change.a().shape() + " and "
                    + change.b().shape() + config.rightModel());
        }
    }

    /** Adds all data that determines how the adapter changes a model. */
    void update(MessageDigest digest) {
        changes.forEach((module, change) -> {
            digest.update((module + " " + Double.toHexString(change.scale())).getBytes(StandardCharsets.UTF_8));
            for (MemorySegment data : List.of(change.a().data(), change.b().data())) {
                for (long at = 0; at < data.byteSize(); at += PIECE) {
                    ByteBuffer piece = data.asSlice(at, Math.min(PIECE, data.byteSize() - at)).asByteBuffer();
                    digest.update(piece);
                }
            }
        });
    }

    @Override
    public String toString() {
        long min = changes.values().stream().mapToLong(LoraChange::rank).min().orElseThrow();
        long max = changes.values().stream().mapToLong(LoraChange::rank).max().orElseThrow();
        return "adapter " + folder.toAbsolutePath().normalize().getFileName() + (factor == 1 ? "" : " × " + factor)
                + " (LoRA, rank " + (min == max ? max : min + " to " + max) + ", " + changes.size()
                + (changes.size() == 1 ? " matrix)" : " matrices)");
    }

    @Override
    public void close() {
        checkpoint.close();
    }
}
