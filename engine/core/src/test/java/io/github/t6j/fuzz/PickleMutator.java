package io.github.t6j.fuzz;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** Changes a pickle opcode by opcode, among the opcodes of Python's pickletools that torch writes. */
final class PickleMutator {
    private static final List<String> NAMES = List.of("torch._utils\n_rebuild_tensor_v2\n",
            "torch._utils\n_rebuild_parameter\n", "collections\nOrderedDict\n", "torch\nSize\n",
            "torch\nFloatStorage\n",
            "torch\nHalfStorage\n", "torch\nBoolStorage\n", "os\nsystem\n", "builtins\neval\n", "\n\n");
    private static final List<String> STRINGS = List.of("storage", "0", "1", "cpu", "w", "model", "state_dict", "torch",
            "FloatStorage", "");
    /**
     * Opcodes without arguments: MARK, NONE, NEWTRUE, tuples, lists, dicts, MEMOIZE, STACK_GLOBAL, REDUCE, BUILD,
     * BINPERSID; and some that are refused.
     */
    private static final String SINGLE = "(N\u0088)\u0085\u0086\u0087t]ae}su\u0094\u0093RbQ0128io\u0081.";

    private PickleMutator() {}

    /** Returns {@code pickle} with 1 to 8 opcodes changed; the bytes after the pickle are treated as opcodes too. */
    static byte[] mutate(byte[] pickle, Random random) {
        List<byte[]> operations = split(pickle);
        for (int i = 1 << random.nextInt(4); i > 0 && !operations.isEmpty(); i--) {
            int at = random.nextInt(operations.size());
            int other = random.nextInt(operations.size());
            switch (random.nextInt(8)) {
                case 0 -> operations.remove(at);
                case 1 -> operations.add(at, operation(random));
                case 2 -> operations.set(at, operation(random));
                case 3 -> operations.add(other, operations.get(at));
                case 4 -> Collections.swap(operations, at, other);
                case 5 -> setNextNumber(operations, at, random);
                case 6 -> operations.addAll(at, Collections.nCopies(1 + random.nextInt(200), operations.get(other)));
                default -> operations.set(at, Bytes.mutate(operations.get(at), random));
            }
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        operations.forEach(out::writeBytes);
        return out.toByteArray();
    }

    private static List<byte[]> split(byte[] pickle) {
        List<byte[]> operations = new ArrayList<>();
        for (int at = 0; at < pickle.length;) {
            int end = Math.min(pickle.length, at + length(pickle, at));
            operations.add(Arrays.copyOfRange(pickle, at, end));
            at = end;
        }
        return operations;
    }

    private static int length(byte[] pickle, int at) {
        int next = at + 1 < pickle.length ? pickle[at + 1] & 0xff : 0;
        return switch (pickle[at] & 0xff) {
            case 0x80, 'K', 'h', 'q' -> 2;
            case 'M' -> 3;
            case 'J', 'j', 'r' -> 5;
            case 'X' -> 5 + next;
            case 'G', 0x95 -> 9;
            case 0x8a, 0x8c -> 2 + next;
            case 'c' -> {
                String rest = new String(pickle, at, pickle.length - at, StandardCharsets.ISO_8859_1);
                yield rest.indexOf('\n', rest.indexOf('\n') + 1) + 1;
            }
            default -> 1;
        };
    }

    private static byte[] operation(Random random) {
        return switch (random.nextInt(8)) {
            case 0 -> number(random);
            case 1 -> bytes((random.nextBoolean() ? "h" : "q") + (char) random.nextInt(32));
            case 2 -> bytes("c" + NAMES.get(random.nextInt(NAMES.size())));
            case 3 -> {
                String string = STRINGS.get(random.nextInt(STRINGS.size()));
                yield bytes("X" + (char) string.length() + "\0\0\0" + string);
            }
            case 4 -> ByteBuffer.allocate(9).put((byte) 0x8d).putLong(random.nextLong()).array();
            default -> bytes(SINGLE.substring(random.nextInt(SINGLE.length())).substring(0, 1));
        };
    }

    private static byte[] bytes(String latin1) {
        return latin1.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** Replaces the next integer, such as a size, stride or offset. */
    private static void setNextNumber(List<byte[]> operations, int from, Random random) {
        for (int at = from; at < operations.size(); at++) {
            byte[] operation = operations.get(at);
            if (operation.length > 0 && "KMJ\u008a".indexOf(operation[0] & 0xff) >= 0) {
                operations.set(at, number(random));
                return;
            }
        }
    }

    /** Returns LONG1 with eight bytes, occasionally nine. */
    private static byte[] number(Random random) {
        int length = random.nextInt(10) == 0 ? 9 : 8;
        return ByteBuffer.allocate(2 + length).order(ByteOrder.LITTLE_ENDIAN).put((byte) 0x8a).put((byte) length)
                .putLong(Bytes.border(random)).array();
    }
}
