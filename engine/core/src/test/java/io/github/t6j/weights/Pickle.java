package io.github.t6j.weights;

import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Writes pickles opcode by opcode, for files that Python would not write. */
public final class Pickle {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    public Pickle() {
        op(0x80, 2);
    }

    public Pickle op(int... opcodeAndArguments) {
        for (int b : opcodeAndArguments) {
            bytes.write(b);
        }
        return this;
    }

    public Pickle op(char opcode) {
        return op((int) opcode);
    }

    public Pickle global(String module, String name) {
        return op('c').text(module + "\n" + name + "\n");
    }

    public Pickle string(String string) {
        byte[] utf8 = string.getBytes(StandardCharsets.UTF_8);
        return op('X').int32(utf8.length).text(string);
    }

    public Pickle number(int number) {
        return op('J').int32(number);
    }

    /** Adds an integer as LONG1. */
    public Pickle integer(BigInteger integer) {
        byte[] bigEndian = integer.toByteArray();
        op(0x8a, bigEndian.length);
        for (int i = bigEndian.length - 1; i >= 0; i--) {
            op(bigEndian[i] & 0xff);
        }
        return this;
    }

    Pickle tuple(int... numbers) {
        op('(');
        for (int number : numbers) {
            number(number);
        }
        return op('t');
    }

    /** Adds a call of _rebuild_tensor_v2 on the F32 storage {@code key}. */
    public Pickle tensor(String key, int elements, int offset, int[] shape, int... strides) {
        global("torch._utils", "_rebuild_tensor_v2").op('(');
        op('(').string("storage").global("torch", "FloatStorage").string(key).string("cpu").number(elements);
        op('t').op('Q').number(offset).tuple(shape).tuple(strides).op(0x89);
        return global("collections", "OrderedDict").op(')').op('R').op('t').op('R');
    }

    Pickle int32(int number) {
        return bytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(number).array());
    }

    public Pickle text(String text) {
        return bytes(text.getBytes(StandardCharsets.UTF_8));
    }

    public Pickle bytes(byte[] raw) {
        bytes.writeBytes(raw);
        return this;
    }

    public byte[] stop() {
        return op('.').bytes.toByteArray();
    }
}
