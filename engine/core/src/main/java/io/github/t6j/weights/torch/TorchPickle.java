package io.github.t6j.weights.torch;

import io.github.t6j.ModelFormatException;
import io.github.t6j.weights.DType;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Meaning of the names in a torch pickle: the only functions and classes that an {@link Unpickler} accepts, and the
 * plain descriptions that they become. No code runs.
 */
final class TorchPickle {
    static final String ADVICE = "save only the state dict, torch.save(model.state_dict(), file), or convert to"
            + " safetensors";

    private static final String REBUILD_TENSOR = "torch._utils _rebuild_tensor_v2";
    private static final String REBUILD_PARAMETER = "torch._utils _rebuild_parameter";
    private static final String ORDERED_DICT = "collections OrderedDict";
    private static final String SIZE = "torch Size";
    private static final List<String> FUNCTIONS = List.of(REBUILD_TENSOR, REBUILD_PARAMETER, ORDERED_DICT, SIZE);

    private static final Map<String, DType> STORAGES = Map.of(
            "torch DoubleStorage", DType.F64, "torch FloatStorage", DType.F32, "torch HalfStorage", DType.F16,
            "torch BFloat16Storage", DType.BF16, "torch LongStorage", DType.I64, "torch IntStorage", DType.I32,
            "torch ShortStorage", DType.I16, "torch CharStorage", DType.I8, "torch ByteStorage", DType.U8,
            "torch BoolStorage", DType.BOOL);

    /** Elements that lie outside the pickle, under {@code key}. */
    record Storage(DType dtype, String key, long elements) {}

    /** A tensor: its offset in a storage, its shape and its strides, in elements. Not yet checked. */
    record View(Storage storage, long offset, Object[] shape, Object[] strides) {}

    /** A function or class that the pickle names, as "module name". */
    record Global(String name) {}

    private final String where;
    private final Map<String, Storage> storages = new HashMap<>();

    TorchPickle(String where) {
        this.where = where;
    }

    /** Returns the storage that a pickle described under {@code key}, or null. */
    Storage storage(String key) {
        return storages.get(key);
    }

    /** @throws ModelFormatException unless {@code name} is one of the accepted functions and classes */
    Global global(String name) {
        if (!FUNCTIONS.contains(name) && !STORAGES.containsKey(name)) {
            throw ModelFormatException
                    .unsupported(where + ": refused \"" + name + "\" in the pickle: expected tensors and"
                            + " plain values only: " + ADVICE);
        }
        return new Global(name);
    }

    /** Returns the description that {@code function(arguments)} represents. */
    Object call(Object function, Object arguments) {
        if (!(function instanceof Global(String name)) || !(arguments instanceof Object[] given)) {
            throw error("a call of a named function", function);
        }
        return switch (name) {
            case ORDERED_DICT -> orderedDict(given);
            case REBUILD_TENSOR -> view(given);
            case REBUILD_PARAMETER -> argument(given, 0, View.class, name);
            case SIZE -> argument(given, 0, Object[].class, name);
            default -> throw error("a call of a function", function);
        };
    }

    private Map<String, Object> orderedDict(Object[] given) {
        if (given.length != 0) {
            throw error("no arguments of OrderedDict", given[0]);
        }
        return new LinkedHashMap<>();
    }

    /** Returns the view of (storage, offset, shape, strides, requires_grad, hooks); the last two are ignored. */
    private View view(Object[] given) {
        return new View(
                argument(given, 0, Storage.class, REBUILD_TENSOR),
                argument(given, 1, Long.class, REBUILD_TENSOR),
                argument(given, 2, Object[].class, REBUILD_TENSOR),
                argument(given, 3, Object[].class, REBUILD_TENSOR));
    }

    private <T> T argument(Object[] given, int index, Class<T> type, String function) {
        if (index >= given.length || !type.isInstance(given[index])) {
            throw error("a " + (type.isArray() ? "tuple" : type.getSimpleName()) + " as argument " + index + " of "
                    + function, index < given.length ? given[index] : null);
        }
        return type.cast(given[index]);
    }

    /**
     * Returns the storage of ('storage', class, key, location, elements[, None]); the location, a device, is ignored.
     */
    Storage persistent(Object id) {
        if (!(id instanceof Object[] t) || t.length < 5 || t.length > 5 && t[5] != null || !"storage".equals(t[0])) {
            throw error("a whole storage as persistent id", id instanceof Object[] t && t.length > 0 ? t[0] : id);
        }
        if (!(t[1] instanceof Global(String type) && t[2] instanceof String key && t[4] instanceof Long elements)) {
            throw error("the type, key and length of a storage", t[1]);
        }
        if (key.length() > Unpickler.MAX_KEY) {
            throw error("a storage key of at most " + Unpickler.MAX_KEY + " characters", (long) key.length());
        }
        if (!STORAGES.containsKey(type) || elements < 0) {
            throw error("a storage type and a length ≥ 0 of storage " + key, type + " of " + elements);
        }
        Storage storage = new Storage(STORAGES.get(type), key, elements);
        Storage before = storages.putIfAbsent(key, storage);
        if (before != null && !before.equals(storage)) {
            throw error("storage " + key + " to be " + before.elements + " × " + before.dtype,
                    elements + " × " + storage.dtype);
        }
        return storage;
    }

    private ModelFormatException error(String expected, Object found) {
        return new ModelFormatException(where + ": damaged pickle: expected " + expected + ", found " + kind(found));
    }

    /** Returns a short description of {@code value}. A container may contain itself, so it must not be printed. */
    static String kind(Object value) {
        return switch (value) {
            case null -> "nothing";
            case String string -> "\"" + string.substring(0, Math.min(80, string.length())) + "\"";
            case Object[] tuple -> "a tuple of " + tuple.length;
            case List<?> list -> "a list";
            case Map<?, ?> dict -> "a dict";
            case View view -> "a tensor";
            case Storage storage -> "a storage";
            case Global global -> global.name;
            default -> value.toString();
        };
    }
}
