package io.github.t6j.fuzz;

import io.github.t6j.Model;
import io.github.t6j.ModelFormatException;
import io.github.t6j.ModelOptions;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.SessionOptions.CacheType;
import io.github.t6j.TestData;
import io.github.t6j.weights.checkpoint.Checkpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;

/** Sessions of small models, and the files that they save. */
final class SessionSeeds {
    private static final String CHECKSUM = "\"crc32c\":\"";
    private static final List<Session> SESSIONS = open();

    private SessionSeeds() {}

    /** Returns a session with each kind of cache. */
    static List<Session> sessions() {
        return SESSIONS;
    }

    private static List<Session> open() {
        List<Session> sessions = new ArrayList<>();
        TestData.goldenModels().forEach(golden -> {
            CacheType type = switch (golden.name()) {
                case "T6_rank1" -> CacheType.F32;
                case "T6_linearattn" -> CacheType.F32;
                case "llama-gqa" -> CacheType.Q8;
                case "llama-mla" -> CacheType.BF16;
                default -> null;
            };
            if (type != null) {
                Model model = golden.load(ModelOptions.defaults().withThreads(1));
                sessions.add(model.newSession(
                        SessionOptions.defaults().withCacheType(type).withContextLength(96)));
            }
        });
        return sessions;
    }

    /** Returns files of each session, with a few tokens and with more than a page. */
    static List<byte[]> files() {
        List<byte[]> files = new ArrayList<>();
        for (Session session : SESSIONS) {
            for (int ids : files.isEmpty() ? new int[] {3, 66} : new int[] {3}) {
                session.truncate(0);
                session.prefill(IntStream.range(1, ids + 1).toArray());
                Path file = Targets.write("seed", new byte[0]);
                session.save(file);
                try {
                    files.add(Files.readAllBytes(file));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        }
        return files;
    }

    /** Returns {@code file} with the correct checksum of its tensors, or null if it has no field for one. */
    static byte[] withChecksum(byte[] file) {
        String text = new String(file, StandardCharsets.ISO_8859_1);
        int at = text.indexOf(CHECKSUM) + CHECKSUM.length();
        int end = text.indexOf('"', at);
        if (at < CHECKSUM.length() || end < 0) {
            return null;
        }
        String checksum = checksum(file);
        if (checksum == null) {
            return null;
        }
        byte[] sealed = (text.substring(0, at) + checksum + text.substring(end)).getBytes(StandardCharsets.ISO_8859_1);
        ByteBuffer length = ByteBuffer.wrap(sealed).order(ByteOrder.LITTLE_ENDIAN);
        length.putLong(0, length.getLong(0) + sealed.length - file.length);
        return sealed;
    }

    /**
     * Computes the checksum as documented in SessionFile: over the metadata's other lines, then each tensor's
     * description and bytes.
     */
    private static String checksum(byte[] file) {
        try (Checkpoint checkpoint = Checkpoint.open(Targets.write("unsealed", file), false)) {
            CRC32C crc = new CRC32C();
            checkpoint.metadata().forEach((key, value) -> {
                if (!key.equals("crc32c")) {
                    crc.update(Seeds.utf8(key + "=" + value + "\n"));
                }
            });
            checkpoint.tensors().forEach((name, tensor) -> {
                crc.update(Seeds.utf8(name + " " + tensor.dtype() + " " + tensor.shape() + "\n"));
                crc.update(tensor.data().asByteBuffer());
            });
            return Long.toHexString(crc.getValue());
        } catch (ModelFormatException | UncheckedIOException refused) {
            return null;
        }
    }
}
