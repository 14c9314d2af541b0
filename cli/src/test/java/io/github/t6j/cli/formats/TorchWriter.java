package io.github.t6j.cli.formats;

import io.github.t6j.weights.Tensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Writes a state dict as {@code torch.save} does: a zip file of a pickle and of a storage for each tensor. */
final class TorchWriter {
    private final ByteArrayOutputStream pickle = new ByteArrayOutputStream();

    private TorchWriter() {}

    /** @param aliases names of tensors that share another's storage, as tied weights do */
    static void write(Path file, List<Tensor> tensors, Map<String, String> aliases) throws IOException {
        TorchWriter writer = new TorchWriter();
        writer.op(0x80, 2, '}', '(');
        for (Tensor tensor : tensors) {
            writer.tensor(tensor.name(), tensor);
            aliases.forEach((alias, name) -> {
                if (name.equals(tensor.name())) {
                    writer.tensor(alias, tensor);
                }
            });
        }
        writer.op('u', '.');
        try (OutputStream out = Files.newOutputStream(file); ZipOutputStream zip = new ZipOutputStream(out)) {
            store(zip, "archive/data.pkl", writer.pickle.toByteArray());
            store(zip, "archive/byteorder", "little".getBytes(StandardCharsets.US_ASCII));
            for (Tensor tensor : tensors) {
                store(zip, "archive/data/" + tensor.name(), tensor.data().toArray(ValueLayout.JAVA_BYTE));
            }
            store(zip, "archive/version", "3\n".getBytes(StandardCharsets.US_ASCII));
        }
    }

    private static void store(ZipOutputStream zip, String name, byte[] bytes) throws IOException {
        CRC32 crc = new CRC32();
        crc.update(bytes);
        ZipEntry entry = new ZipEntry(name);
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(bytes.length);
        entry.setCrc(crc.getValue());
        zip.putNextEntry(entry);
        zip.write(bytes);
    }

    /** Writes an item of the dict: name → _rebuild_tensor_v2(storage, offset, shape, strides, requires_grad, hooks). */
    private void tensor(String name, Tensor tensor) {
        String storage = switch (tensor.dtype()) {
            case F32 -> "FloatStorage";
            case F16 -> "HalfStorage";
            case BF16 -> "BFloat16Storage";
            default -> throw new IllegalArgumentException("torch has no " + tensor.dtype());
        };
        string(name);
        global("torch._utils", "_rebuild_tensor_v2");
        op('(', '(');
        string("storage");
        global("torch", storage);
        string(tensor.name());
        string("cpu");
        number(tensor.elementCount());
        op('t', 'Q');
        number(0);
        op('(');
        tensor.shape().forEach(this::number);
        op('t', '(');
        for (int d = 0; d < tensor.shape().size(); d++) {
            number(tensor.shape().subList(d + 1, tensor.shape().size()).stream().reduce(1L, Math::multiplyExact));
        }
        op('t', 0x89);
        global("collections", "OrderedDict");
        op(')', 'R', 't', 'R');
    }

    private void op(int... bytes) {
        for (int b : bytes) {
            pickle.write(b);
        }
    }

    private void global(String module, String name) {
        pickle.writeBytes(("c" + module + "\n" + name + "\n").getBytes(StandardCharsets.US_ASCII));
    }

    private void string(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        op('X');
        int32(bytes.length);
        pickle.writeBytes(bytes);
    }

    private void number(long number) {
        op('J');
        int32(Math.toIntExact(number));
    }

    private void int32(int number) {
        pickle.writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(number).array());
    }
}
