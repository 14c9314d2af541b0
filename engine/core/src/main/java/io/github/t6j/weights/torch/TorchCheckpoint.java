package io.github.t6j.weights.torch;

import io.github.t6j.ModelFormatException;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.LittleEndian;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.torch.TorchPickle.Storage;
import io.github.t6j.weights.torch.TorchPickle.View;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the tensors of a file that {@code torch.save} wrote: a zip file (data.pkl has the structure, data/KEY the
 * elements), or the older form (pickles, then the elements). In a training checkpoint it searches for the state dict.
 */
public final class TorchCheckpoint {
    private static final BigInteger LEGACY_MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);
    private static final long LEGACY_PROTOCOL = 1001;
    private static final long MAX_PICKLE = 64 << 20;
    private static final int MAX_DIMENSIONS = 64;
    private static final String PICKLE = "data.pkl";
    private static final MemorySegment LITTLE = MemorySegment.ofArray(new byte[] {'l', 'i', 't', 't', 'l', 'e'});
    private static final List<String> WRAPPERS = List.of("model", "state_dict", "model_state_dict");
    private static final int MAX_WRAPPERS = 4;

    private final MemorySegment file;
    private final String where;
    private final TorchPickle torch;
    private final StridedCopy copies;
    /** Entries of a zip file; storages are under data/KEY. */
    private Map<String, ZipDirectory.Entry> entries = Map.of();
    private String root;
    /** Elements of the storages used so far; their checksums are verified. */
    private final Map<String, MemorySegment> storages = new HashMap<>();

    private TorchCheckpoint(MemorySegment file, Arena arena, String where) {
        this.file = file;
        this.where = where;
        torch = new TorchPickle(where);
        copies = new StridedCopy(arena, file.byteSize(), where);
    }

    /**
     * Returns the tensors by name in the state dict's order, as slices of {@code file}; views that are not contiguous
     * are copied into {@code arena}.
     *
     * @throws ModelFormatException if the file is damaged, or contains anything but tensors and plain values
     */
    public static Map<String, Tensor> parse(MemorySegment file, Arena arena, String where) {
        TorchCheckpoint checkpoint = new TorchCheckpoint(file, arena, where);
        return checkpoint.tensors(ZipDirectory.isZip(file) ? checkpoint.zip() : checkpoint.legacy());
    }

    /** Returns the pickled value of a zip file. */
    private Object zip() {
        entries = ZipDirectory.entries(file, where);
        root = root(entries);
        ZipDirectory.Entry order = entries.get(root + "byteorder");
        if (order != null && order.checked().mismatch(LITTLE) >= 0) {
            throw error("expected byteorder little, found another: save it on a little-endian machine").asUnsupported();
        }
        ZipDirectory.Entry pickle = entries.get(root + PICKLE);
        long size = pickle.data().byteSize();
        if (size > MAX_PICKLE) {
            throw error("expected at most " + MAX_PICKLE + " bytes in " + PICKLE + ", found " + size);
        }
        return new Unpickler(pickle.checked(), torch, where).load();
    }

    private String root(Map<String, ZipDirectory.Entry> entries) {
        List<String> pickles = entries.keySet().stream().filter(name -> name.endsWith("/" + PICKLE)).toList();
        if (pickles.size() != 1) {
            throw error("expected a zip file of torch.save with one entry NAME/" + PICKLE + ", found "
                    + pickles.size());
        }
        return pickles.getFirst().substring(0, pickles.getFirst().length() - PICKLE.length());
    }

    /**
     * Returns the pickled value of a file of torch before 1.6. The file consists of pickles (a magic number, a version,
     * the machine, the value, the keys of its storages), then each storage as a count (i64) and its elements.
     */
    private Object legacy() {
        MemorySegment head = file.asSlice(0, Math.min(file.byteSize(), MAX_PICKLE));
        Unpickler unpickler = new Unpickler(head, torch, where);
        if (!LEGACY_MAGIC.equals(unpickler.load())) {
            throw error("a pickle, but not of torch.save: " + TorchPickle.ADVICE);
        }
        if (!Long.valueOf(LEGACY_PROTOCOL).equals(unpickler.load())) {
            throw error("expected version " + LEGACY_PROTOCOL + " of the legacy format, found another").asUnsupported();
        }
        if (!(unpickler.load() instanceof Map<?, ?> machine && Boolean.TRUE.equals(machine.get("little_endian")))) {
            throw error("expected little_endian numbers: save it on a little-endian machine").asUnsupported();
        }
        Object value = unpickler.load();
        if (!(unpickler.load() instanceof List<?> keys)) {
            throw error("damaged: expected the list of storages after the pickle");
        }
        long at = unpickler.position();
        for (Object key : keys) {
            at = legacyStorage(key, at);
        }
        return value;
    }

    private long legacyStorage(Object key, long at) {
        if (!(key instanceof String name) || torch.storage(name) == null) {
            throw error("damaged: the list of storages names " + TorchPickle.kind(key) + ", which no tensor uses");
        }
        Storage storage = torch.storage(name);
        long start = at + Long.BYTES;
        if (start > file.byteSize() || file.get(LittleEndian.LONG, at) != storage.elements()
                || storage.elements() > (file.byteSize() - start) / storage.dtype().bytes()) {
            throw error("expected storage " + name + " of " + storage.elements() + " × " + storage.dtype() + " at byte "
                    + at + ", found another or the end of the file: it is cut short or damaged");
        }
        long bytes = storage.elements() * storage.dtype().bytes();
        storages.put(name, file.asSlice(start, bytes));
        return start + bytes;
    }

    private Map<String, Tensor> tensors(Object value) {
        Map<?, ?> state = stateDict(value, 0);
        if (state == null) {
            throw error("found no tensors, neither at the top nor under " + WRAPPERS + ": " + TorchPickle.ADVICE);
        }
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        for (Map.Entry<?, ?> entry : state.entrySet()) {
            if (entry.getValue() instanceof View view) {
                String name = (String) entry.getKey();
                tensors.put(name, tensor(name, view));
            }
        }
        return tensors;
    }

    /** Returns the dict with the model's tensors: one inside a training checkpoint, {@code value} itself, or null. */
    private static Map<?, ?> stateDict(Object value, int depth) {
        if (!(value instanceof Map<?, ?> dict) || depth > MAX_WRAPPERS) {
            return null;
        }
        for (String wrapper : WRAPPERS) {
            Map<?, ?> inner = stateDict(dict.get(wrapper), depth + 1);
            if (inner != null) {
                return inner;
            }
        }
        return dict.values().stream().anyMatch(View.class::isInstance) ? dict : null;
    }

    private Tensor tensor(String name, View view) {
        DType dtype = view.storage().dtype();
        long[] shape = sizes(view.shape(), "shape", name);
        long[] strides = sizes(view.strides(), "strides", name);
        MemorySegment storage = storage(view.storage(), name);
        long elements = checkedElements(view, shape, strides, name);
        long start = elements == 0 ? 0 : view.offset() * dtype.bytes();
        MemorySegment data = elements == 0 || StridedCopy.isContiguous(shape, strides)
                ? storage.asSlice(start, elements * dtype.bytes())
                : copies.copy(storage.asSlice(start), dtype.bytes(), shape, strides, elements, name);
        return new Tensor(name, dtype, Arrays.stream(shape).boxed().toList(), data);
    }

    private MemorySegment storage(Storage storage, String tensor) {
        MemorySegment data = storages.computeIfAbsent(storage.key(), key -> {
            ZipDirectory.Entry entry = entries.get(root + "data/" + key);
            return entry == null ? null : entry.checked();
        });
        if (data == null) {
            throw error("tensor " + tensor + ": expected its elements in storage " + storage.key() + ", found none");
        }
        int width = storage.dtype().bytes();
        if (data.byteSize() % width != 0 || data.byteSize() / width != storage.elements()) {
            throw error("tensor " + tensor + ": expected " + storage.elements() + " × " + storage.dtype()
                    + " in storage " + storage.key() + ", found " + data.byteSize() + " bytes");
        }
        return data;
    }

    /** Returns the number of the view's elements, after checking that the storage contains all of them. */
    private long checkedElements(View view, long[] shape, long[] strides, String tensor) {
        try {
            if (shape.length == strides.length && view.offset() >= 0) {
                long elements = 1;
                long last = view.offset();
                for (int d = 0; d < shape.length; d++) {
                    elements = Math.multiplyExact(elements, shape[d]);
                    last = Math.addExact(last, Math.multiplyExact(Math.max(0, shape[d] - 1), strides[d]));
                }
                if (elements == 0 || last < view.storage().elements()) {
                    Math.multiplyExact(elements, view.storage().dtype().bytes());
                    return elements;
                }
            }
        } catch (ArithmeticException tooLarge) {
            // overflow: too large for any storage
        }
        throw error("tensor " + tensor + ": expected a view inside storage " + view.storage().key() + " of "
                + view.storage().elements() + " elements, found offset " + view.offset() + ", shape "
                + Arrays.toString(shape) + ", strides " + Arrays.toString(strides));
    }

    private long[] sizes(Object[] tuple, String what, String tensor) {
        if (tuple.length > MAX_DIMENSIONS) {
            throw error("tensor " + tensor + ": expected at most " + MAX_DIMENSIONS + " dimensions, found "
                    + tuple.length);
        }
        long[] sizes = new long[tuple.length];
        for (int d = 0; d < sizes.length; d++) {
            if (!(tuple[d] instanceof Long size) || size < 0) {
                throw error("tensor " + tensor + ": expected whole numbers ≥ 0 as " + what + ", found "
                        + TorchPickle.kind(tuple[d]));
            }
            sizes[d] = size;
        }
        return sizes;
    }

    private ModelFormatException error(String message) {
        return new ModelFormatException(where + ": " + message);
    }
}
