package io.github.t6j.cli.generate;

import io.github.t6j.Model;
import io.github.t6j.ModelFormatException;
import io.github.t6j.ModelInfo;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions.CacheType;
import io.github.t6j.cli.io.CommandFailure;
import io.github.t6j.cli.io.DiskSpace;
import io.github.t6j.cli.io.Errors;
import io.github.t6j.json.Json;
import io.github.t6j.weights.safetensors.Safetensors;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/** Reads the file of {@code --session} before a model is loaded for it. */
public final class SavedSession {
    /** Largest header; a session has few tensors, so its header is short. */
    private static final int LONGEST_HEADER = 1 << 24;

    private SavedSession() {}

    /**
     * Returns the cache type of the session in {@code file}, or null if the file does not exist yet.
     *
     * @throws CommandFailure if it is not a session
     * @throws java.io.UncheckedIOException if no file can be written there
     */
    public static CacheType cacheType(Path file) {
        Safetensors.checkWritable(file);
        if (!Files.exists(file)) {
            return null;
        }
        Map<String, Object> header = header(file);
        if (!(header.get("__metadata__") instanceof Map<?, ?> metadata) || !metadata.containsKey("t6j_session")) {
            throw new CommandFailure(file + ": expected a saved session of t6j, or a new name, found "
                    + (header.isEmpty() ? "another file" : "other tensors") + ": choose another --session");
        }
        try {
            return CacheType.valueOf(String.valueOf(metadata.get("cache_type")).toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            return null; // restoring it reports the error
        }
    }

    /**
     * Checks that the disk has room for the session after {@code tokens} tokens.
     *
     * @throws CommandFailure if it has not
     */
    static void checkSpace(Path file, Model model, Session session, int tokens) {
        ModelInfo.Cache cache = model.info().cache();
        DiskSpace.check(file, cache.bytesPerToken(session.cacheType()) * tokens + cache.stateBytes());
    }

    /** Returns the header of a safetensors file; empty if the file is not one. */
    private static Map<String, Object> header(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] start = in.readNBytes(Long.BYTES);
            long length =
                    start.length < Long.BYTES ? 0 : ByteBuffer.wrap(start).order(ByteOrder.LITTLE_ENDIAN).getLong();
            if (length < 2 || length > LONGEST_HEADER) {
                return Map.of();
            }
            return Json.parseObject(in.readNBytes((int) length), file.toString());
        } catch (ModelFormatException e) {
            return Map.of();
        } catch (IOException e) {
            throw Errors.failure(file, "cannot be read", e);
        }
    }
}
