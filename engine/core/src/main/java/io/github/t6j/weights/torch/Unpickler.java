package io.github.t6j.weights.torch;

import static java.nio.ByteOrder.BIG_ENDIAN;

import io.github.t6j.ModelFormatException;
import io.github.t6j.weights.LittleEndian;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Minimal implementation of Python's pickle machine, with the operations that a torch state dict needs. It cannot
 * construct objects of arbitrary classes, so a file cannot run code: {@link TorchPickle} resolves every name.
 *
 * <p>Values are null, Boolean, Long, BigInteger, Double and String; a tuple is an {@code Object[]}, a list a {@code
 * List<Object>}, a dict a {@code Map<String, Object>} (entries under other keys, or very long ones, are dropped: they
 * name no tensor); and the descriptions of {@link TorchPickle}. A list or dict may contain itself, so neither this
 * class nor its callers may traverse one without a depth limit, hash it or print it. An operation takes memory in
 * proportion to its bytes, or moves values on the stack; the number of operations is limited.
 */
final class Unpickler {
    private static final int MAX_OPERATIONS = 1_000_000; // a tensor takes about 35
    private static final int MAX_PROTOCOL = 5;
    private static final int MAX_NAME = 200;

    /** Longest key of a dict or a storage, so that comparing keys stays cheap. */
    static final int MAX_KEY = 1000;

    private static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(BIG_ENDIAN);

    private final MemorySegment bytes;
    private final String where;
    private final TorchPickle torch;
    private long at;
    private int operations;

    private final List<Object> stack = new ArrayList<>();
    private final List<Integer> marks = new ArrayList<>();
    private final Map<Long, Object> memo = new HashMap<>();

    /** Reads consecutive pickles from the start of {@code bytes}. */
    Unpickler(MemorySegment bytes, TorchPickle torch, String where) {
        this.bytes = bytes;
        this.torch = torch;
        this.where = where;
    }

    /**
     * Returns the value of the next pickle.
     *
     * @throws ModelFormatException if it is damaged or contains operations or names that are not allowed
     */
    Object load() {
        stack.clear();
        marks.clear();
        memo.clear();
        for (int opcode = u8(); opcode != '.'; opcode = u8()) {
            if (++operations > MAX_OPERATIONS) {
                throw error("expected at most " + MAX_OPERATIONS + " operations, found more: " + TorchPickle.ADVICE);
            }
            step(opcode);
        }
        return pop();
    }

    /** Executes one operation; its name comes from Python's pickletools. */
    private void step(int opcode) {
        switch (opcode) {
            case 0x80 -> protocol(u8()); // PROTO
            case 0x95 -> take(8); // FRAME: a hint for buffering
            case '(' -> marks.add(stack.size()); // MARK
            case 'N' -> push(null); // NONE
            case 0x88 -> push(true); // NEWTRUE
            case 0x89 -> push(false); // NEWFALSE
            case 'K' -> push((long) u8()); // BININT1
            case 'M' -> push((long) (u8() | u8() << 8)); // BININT2
            case 'J' -> push((long) bytes.get(LittleEndian.INT, take(4))); // BININT
            case 0x8a -> push(integer(u8())); // LONG1
            case 'G' -> push(bytes.get(DOUBLE, take(8))); // BINFLOAT
            case 0x8c -> push(string(u8())); // SHORT_BINUNICODE
            case 'X' -> push(string(u32())); // BINUNICODE
            case 0x8d -> push(string(bytes.get(LittleEndian.LONG, take(8)))); // BINUNICODE8
            case ')' -> push(new Object[0]); // EMPTY_TUPLE
            case 0x85 -> push(pop(1)); // TUPLE1
            case 0x86 -> push(pop(2)); // TUPLE2
            case 0x87 -> push(pop(3)); // TUPLE3
            case 't' -> push(popToMark()); // TUPLE
            case ']' -> push(new ArrayList<>()); // EMPTY_LIST
            case 'a' -> append(pop(1)); // APPEND
            case 'e' -> append(popToMark()); // APPENDS
            case '}' -> push(new LinkedHashMap<>()); // EMPTY_DICT
            case 's' -> setItems(pop(2)); // SETITEM
            case 'u' -> setItems(popToMark()); // SETITEMS
            case 'h' -> push(recall(u8())); // BINGET
            case 'j' -> push(recall(u32())); // LONG_BINGET
            case 'q' -> memo.put((long) u8(), top()); // BINPUT
            case 'r' -> memo.put(u32(), top()); // LONG_BINPUT
            case 0x94 -> memo.put((long) memo.size(), top()); // MEMOIZE
            case 'c' -> push(torch.global(line() + " " + line())); // GLOBAL
            case 0x93 -> stackGlobal(pop(2)); // STACK_GLOBAL
            case 'R' -> reduce(pop(2)); // REDUCE
            case 'b' -> build(pop()); // BUILD
            case 'Q' -> push(torch.persistent(pop())); // BINPERSID
            default -> throw error("opcode " + name(opcode) + " is refused: " + TorchPickle.ADVICE).asUnsupported();
        }
    }

    private void protocol(int version) {
        if (version > MAX_PROTOCOL) {
            throw error("expected a pickle protocol up to " + MAX_PROTOCOL + ", found " + version).asUnsupported();
        }
    }

    private void append(Object[] items) {
        if (!(top() instanceof List<?>)) {
            throw error("expected a list to append to, found " + TorchPickle.kind(top()));
        }
        @SuppressWarnings("unchecked")
        List<Object> list = (List<Object>) top();
        Collections.addAll(list, items);
    }

    private void setItems(Object[] items) {
        if (!(top() instanceof Map<?, ?>) || items.length % 2 != 0) {
            throw error("expected a dict and pairs to put into it, found " + TorchPickle.kind(top()) + " and "
                    + items.length + " values");
        }
        @SuppressWarnings("unchecked")
        Map<String, Object> dict = (Map<String, Object>) top();
        for (int i = 0; i < items.length; i += 2) {
            if (items[i] instanceof String key && key.length() <= MAX_KEY) {
                dict.put(key, items[i + 1]);
            }
        }
    }

    private Object recall(long index) {
        Object value = memo.get(index);
        if (value == null && !memo.containsKey(index)) {
            throw error("damaged pickle: memo " + index + " is used before it is filled");
        }
        return value;
    }

    private void stackGlobal(Object[] names) {
        if (!(names[0] instanceof String module && names[1] instanceof String name)) {
            throw error("damaged pickle: expected the names of a module and of a member of it");
        }
        push(torch.global(module + " " + name));
    }

    private void reduce(Object[] call) {
        push(torch.call(call[0], call[1]));
    }

    /** Ignores the {@code _metadata} attribute of a state dict's OrderedDict. No other value has a state. */
    private void build(Object state) {
        if (!(top() instanceof Map<?, ?>)) {
            throw error("refused to set the state of " + TorchPickle.kind(top()) + " to " + TorchPickle.kind(state)
                    + ": " + TorchPickle.ADVICE);
        }
    }

    private void push(Object value) {
        stack.add(value);
    }

    private Object top() {
        requireOnStack(1);
        return stack.getLast();
    }

    private Object pop() {
        requireOnStack(1);
        return stack.removeLast();
    }

    private Object[] pop(int count) {
        requireOnStack(count);
        return popFrom(stack.size() - count);
    }

    private Object[] popToMark() {
        if (marks.isEmpty()) {
            throw error("damaged pickle: no mark on the stack");
        }
        return popFrom(marks.removeLast());
    }

    private Object[] popFrom(int start) {
        List<Object> upper = stack.subList(start, stack.size());
        Object[] values = upper.toArray();
        upper.clear();
        return values;
    }

    private void requireOnStack(int count) {
        if (stack.size() - (marks.isEmpty() ? 0 : marks.getLast()) < count) {
            throw error("damaged pickle: the stack is empty");
        }
    }

    /** Returns the offset after the last pickle. */
    long position() {
        return at;
    }

    /** Skips {@code count} bytes and returns their offset. */
    private long take(long count) {
        if (count < 0 || count > bytes.byteSize() - at) {
            throw error("expected " + Long.toUnsignedString(count) + " more bytes, found " + (bytes.byteSize() - at)
                    + ": the file is cut short or damaged");
        }
        at += count;
        return at - count;
    }

    private int u8() {
        return bytes.get(ValueLayout.JAVA_BYTE, take(1)) & 0xff;
    }

    private long u32() {
        return Integer.toUnsignedLong(bytes.get(LittleEndian.INT, take(4)));
    }

    private byte[] array(long count) {
        return bytes.asSlice(take(count), count).toArray(ValueLayout.JAVA_BYTE);
    }

    private String string(long count) {
        return new String(array(count), StandardCharsets.UTF_8);
    }

    /** Returns a Long, or a BigInteger if the value is too large; reads little-endian two's complement. */
    private Object integer(int count) {
        byte[] digits = array(count);
        byte[] bigEndian = new byte[count + 1];
        bigEndian[0] = (byte) (count > 0 ? digits[count - 1] >> 7 : 0);
        for (int i = 0; i < count; i++) {
            bigEndian[count - i] = digits[i];
        }
        BigInteger integer = new BigInteger(bigEndian);
        if (integer.bitLength() < Long.SIZE) {
            return integer.longValue();
        }
        return integer;
    }

    private String line() {
        long start = at;
        while (u8() != '\n') {
            if (at - start > MAX_NAME) {
                throw error("damaged pickle: expected a name of at most " + MAX_NAME + " bytes");
            }
        }
        return new String(bytes.asSlice(start, at - 1 - start).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
    }

    /** Returns the name of a common refused opcode, or its hexadecimal value. */
    private static String name(int opcode) {
        return switch (opcode) {
            case 'i' -> "INST";
            case 'o' -> "OBJ";
            case 0x81 -> "NEWOBJ";
            case 0x92 -> "NEWOBJ_EX";
            case 0x82, 0x83, 0x84 -> "EXT";
            default -> String.format("0x%02x", opcode);
        };
    }

    private ModelFormatException error(String message) {
        return new ModelFormatException(where + ": pickle at byte " + at + ": " + message);
    }
}
