package io.github.t6j.weights.checkpoint;

import io.github.t6j.ModelFormatException;
import io.github.t6j.weights.FileBytes;
import io.github.t6j.weights.LittleEndian;
import io.github.t6j.weights.NativeMemory;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.TensorReader;
import io.github.t6j.weights.gguf.Gguf;
import io.github.t6j.weights.gguf.GgufParts;
import io.github.t6j.weights.safetensors.Safetensors;
import io.github.t6j.weights.safetensors.ShardIndex;
import io.github.t6j.weights.torch.TorchCheckpoint;
import io.github.t6j.weights.torch.ZipDirectory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.LongUnaryOperator;

/**
 * All tensors of a model's weight files, in off-heap memory that {@link #close()} frees. Safe for use by several
 * threads.
 *
 * <p>{@link #rows} copies elements unless the checkpoint is mapped.
 */
public final class Checkpoint implements TensorReader, AutoCloseable {
    /** Prefix that torch.compile adds to the names of the module that it wraps. */
    private static final String COMPILED = "_orig_mod.";
    /** Prefix that DistributedDataParallel adds. */
    private static final String DISTRIBUTED = "module.";

    /**
     * A mapped file.
     *
     * @param channel open for copying, or null if the checkpoint copies nothing
     */
    private record Source(Path file, MemorySegment bytes, FileChannel channel) {}

    private final NativeMemory arena = NativeMemory.shared();
    private final boolean mapped;
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();
    private final Map<String, Object> gguf = new LinkedHashMap<>();
    private final List<Source> sources = new ArrayList<>();
    private String description;

    private Checkpoint(boolean mapped) {
        this.mapped = mapped;
    }

    /**
     * Opens the weights in a folder ({@link CheckpointFiles} chooses the file) or in one file: safetensors, GGUF or its
     * first part, a file of {@code torch.save}, or an index of shards. The first bytes of a file, not its name,
     * determine its format. The prefixes {@code module.} and {@code _orig_mod.} are removed from the tensors' names.
     *
     * <p>Files are mapped. Opening reads only their headers, and the files must not change until {@link #close()}.
     * Files of other file systems than the default one are read as a whole.
     *
     * @param mapped true if {@link #rows} returns the mapped bytes; otherwise it copies them
     * @throws ModelFormatException if the folder has no weights or a file is malformed; the message names the fault and
     *     what to do
     * @throws java.io.UncheckedIOException if a file is missing or cannot be read
     */
    public static Checkpoint open(Path folderOrFile, boolean mapped) {
        Checkpoint checkpoint = new Checkpoint(mapped);
        try {
            checkpoint.load(Files.isDirectory(folderOrFile) ? CheckpointFiles.find(folderOrFile) : folderOrFile);
            return checkpoint;
        } catch (InternalError fault) {
            checkpoint.close();
            throw FileBytes.truncated(folderOrFile, fault);
        } catch (RuntimeException | Error e) {
            checkpoint.close();
            throw e;
        }
    }

    /** Returns every tensor by name, in the files' order. Tied weights may have one of their names, or both. */
    public Map<String, Tensor> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    /** Returns the {@code __metadata__} of safetensors files; empty for other formats. */
    public Map<String, String> metadata() {
        return Collections.unmodifiableMap(metadata);
    }

    /** Returns the keys of a GGUF file, as in {@link Gguf#metadata}; empty for other formats. */
    public Map<String, Object> gguf() {
        return Collections.unmodifiableMap(gguf);
    }

    /** Returns the files that hold weights, without an index. */
    public List<Path> files() {
        return sources.stream().map(Source::file).toList();
    }

    /** Returns a description for the user, such as "model.safetensors (safetensors, 3 shards, copied)". */
    public String description() {
        return description;
    }

    @Override
    public Tensor rows(Tensor tensor, long first, long count, Arena memory) {
        return stored(tensor.rows(first, count), memory);
    }

    /**
     * Reads rows in an order other than the file's; otherwise the same as {@link #rows(Tensor, long, long, Arena)}.
     *
     * @param order maps a row of the model to a row of the file: row r of the result is row order(first + r) of the
     *     file
     */
    public Tensor rows(Tensor tensor, long first, long count, LongUnaryOperator order, Arena memory) {
        Objects.checkFromIndexSize(first, count, tensor.rowCount());
        return gathered(tensor, first, count, order, memory);
    }

    private Tensor stored(Tensor rows, Arena memory) {
        if (mapped || !rows.data().isMapped()) {
            return rows;
        }
        MemorySegment copy = memory.allocate(rows.data().byteSize(), FileBytes.ALIGNMENT);
        copy(rows, copy);
        return new Tensor(rows.name(), rows.dtype(), rows.shape(), copy.asReadOnly());
    }

    private Tensor gathered(Tensor tensor, long first, long count, LongUnaryOperator order, Arena memory) {
        Tensor rows = tensor.rows(first, count);
        MemorySegment gathered = memory.allocate(rows.data().byteSize(), FileBytes.ALIGNMENT);
        for (long row = 0; row < count; row++) {
            Tensor stored = tensor.rows(order.applyAsLong(first + row), 1);
            long bytes = stored.data().byteSize();
            copy(stored, gathered.asSlice(row * bytes, bytes));
        }
        return new Tensor(rows.name(), rows.dtype(), rows.shape(), gathered.asReadOnly());
    }

    private void copy(Tensor rows, MemorySegment to) {
        if (mapped || !rows.data().isMapped()) {
            to.copyFrom(rows.data());
            return;
        }
        for (Source source : sources) {
            long at = rows.data().address() - source.bytes.address();
            if (at >= 0 && at <= source.bytes.byteSize()) {
                FileBytes.read(source.channel, at, to, source.file);
                return;
            }
        }
        throw new IllegalArgumentException("tensor " + rows.name() + ": expected a tensor of this checkpoint");
    }

    /** Frees the memory. No tensor may be in use, or be used afterwards. A second call does nothing. */
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
            sources.stream().filter(source -> source.channel != null)
                    .forEach(source -> FileBytes.close(source.channel));
        }
    }

    private void load(Path file) {
        MemorySegment bytes = FileBytes.load(file, arena);
        Format format = Format.of(bytes);
        String name = file.getFileName().toString();
        String shards = "";
        if (format == Format.INDEX) {
            if (bytes.byteSize() > Safetensors.MAX_HEADER) {
                throw new ModelFormatException(file + ": expected an index of at most " + Safetensors.MAX_HEADER
                        + " bytes, found " + bytes.byteSize() + ": the file is damaged or malicious");
            }
            ShardIndex index = ShardIndex.parse(bytes.toArray(ValueLayout.JAVA_BYTE), file);
            for (String shard : index.shards()) {
                format = loadShard(file.resolveSibling(shard), index);
            }
            name = name.replaceFirst("\\.index\\.json$", "");
            shards = index.shards().size() + (index.shards().size() == 1 ? " shard, " : " shards, ");
        } else {
            add(file, format, bytes);
            List<Path> parts = GgufParts.after(file, gguf);
            for (Path part : parts) {
                add(part, Format.GGUF, FileBytes.load(part, arena));
            }
            GgufParts.checkAll(file, gguf, tensors.size());
            shards = parts.isEmpty() ? "" : parts.size() + 1 + " shards, ";
        }
        description = name + " (" + format.label + ", " + shards + (mapped ? "mapped" : "copied") + ")";
    }

    private Format loadShard(Path file, ShardIndex index) {
        MemorySegment bytes = FileBytes.load(file, arena);
        Format format = Format.of(bytes);
        if (format == Format.INDEX) {
            throw new ModelFormatException(file + ": expected weights, as listed in " + index.file() + ", found JSON");
        }
        index.check(file, add(file, format, bytes));
        return format;
    }

    /** Adds the tensors of one file, and returns their names in the file. */
    private Iterable<String> add(Path file, Format format, MemorySegment bytes) {
        Map<String, Tensor> found;
        if (format == Format.SAFETENSORS) {
            Safetensors safetensors = Safetensors.parse(bytes, file.toString());
            metadata.putAll(safetensors.metadata());
            found = safetensors.tensors();
        } else if (format == Format.GGUF) {
            Gguf parsed = Gguf.parse(bytes, file.toString());
            if (!gguf.isEmpty()) {
                GgufParts.check(file, gguf, parsed.metadata(), sources.size());
            }
            parsed.metadata().forEach(gguf::putIfAbsent);
            found = parsed.tensors();
        } else {
            found = TorchCheckpoint.parse(bytes, arena, file.toString());
        }
        sources.add(new Source(file, bytes, mapped || !bytes.isMapped() ? null : FileBytes.open(file)));
        for (Tensor tensor : found.values()) {
            String name = withoutPrefixes(tensor.name());
            Tensor renamed = new Tensor(name, tensor.dtype(), tensor.shape(), tensor.data());
            if (tensors.put(name, renamed) != null) {
                throw new ModelFormatException(file + ": tensor " + tensor.name() + ": duplicate tensor " + name
                        + " (the prefixes " + COMPILED + " and " + DISTRIBUTED + " are ignored)");
            }
        }
        return found.keySet();
    }

    /** Returns the name of a tensor without the prefixes of PyTorch's wrappers. */
    public static String withoutPrefixes(String name) {
        int start = 0;
        while (name.startsWith(COMPILED, start) || name.startsWith(DISTRIBUTED, start)) {
            start = name.indexOf('.', start) + 1;
        }
        return name.substring(start);
    }

    private enum Format {
        SAFETENSORS("safetensors"), TORCH("torch"), LEGACY_TORCH("legacy torch"), GGUF("gguf"), INDEX("index");

        final String label;

        Format(String label) {
            this.label = label;
        }

        /**
         * Detects the format of a file. The length at the start of a safetensors file can look like another format's
         * magic number, so that format is recognised by the { after the length.
         */
        static Format of(MemorySegment bytes) {
            int first = bytes.get(ValueLayout.JAVA_BYTE, 0) & 0xff;
            if (bytes.byteSize() > 8 && bytes.get(ValueLayout.JAVA_BYTE, 8) == '{'
                    && Long.compareUnsigned(bytes.get(LittleEndian.LONG, 0), Safetensors.MAX_HEADER) <= 0) {
                return SAFETENSORS;
            }
            if (Gguf.isGguf(bytes)) {
                return GGUF;
            }
            if (ZipDirectory.isZip(bytes)) {
                return TORCH;
            }
            return first == 0x80 ? LEGACY_TORCH : first == '{' ? INDEX : SAFETENSORS;
        }
    }
}
