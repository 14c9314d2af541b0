package io.github.t6j.training.data;

import io.github.t6j.ModelFormatException;
import io.github.t6j.tokenizer.Tokenizer;
import io.github.t6j.weights.FileBytes;
import io.github.t6j.weights.Replacement;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.function.LongConsumer;

/**
 * Cache of the token ids of a text file: NAME.t6j-tokens in the same folder or, if that cannot be written, a file in
 * the user's cache folder.
 *
 * <pre>
 *   offset  bytes
 *        0      8  magic: "t6jtoken"
 *        8      4  version: 2
 *       12      4  bytes of an id: 2 (uint16) or 4
 *       16      8  count of ids
 *       24      4  the highest id
 *       28      4  0
 *       32     32  SHA-256 of the source: name, length and modification time of the text, and the tokenizer
 *       64         ids
 * </pre>
 *
 * <p>All numbers are little-endian. A file of another form, text or tokenizer is rebuilt. Only its owner may read the
 * file, since the text may be private.
 */
public final class TokenCache {
    private static final String SUFFIX = ".t6j-tokens";
    private static final byte[] MAGIC = "t6jtoken".getBytes(StandardCharsets.US_ASCII);
    private static final int VERSION = 2;
    private static final int HEADER = 64;
    private static final int HIGHEST = 24;

    private final Tokenizer tokenizer;
    private final int end;
    private final int width;
    private final String fingerprint;
    private final Path userCache;

    /** Ids, and the highest id according to the header. */
    public record Cached(MappedIds ids, int highest) {}

    /** @param userCache folder for the ids of texts whose own folder cannot be written */
    public TokenCache(Tokenizer tokenizer, Path userCache) {
        this.tokenizer = tokenizer;
        this.userCache = userCache;
        int[] separator = tokenizer.encodeWithSpecialTokens(DocumentFile.SEPARATOR);
        end = separator.length == 1 ? separator[0] : tokenizer.endOfText();
        width = tokenizer.size() <= 1 << 16 ? 2 : 4;
        fingerprint = tokenizer.fingerprint();
    }

    /** Returns $XDG_CACHE_HOME/t6j, or ~/.cache/t6j. */
    public static Path userCache() {
        String home = System.getenv("XDG_CACHE_HOME");
        return (home == null || home.isEmpty() ? Path.of(System.getProperty("user.home"), ".cache") : Path.of(home))
                .resolve("t6j");
    }

    /**
     * Returns the ids of {@code text}, valid as long as {@code arena} is open. Tokenises the text if no valid cache
     * exists.
     *
     * @param progress receives the number of bytes of the text that are done
     */
    public Cached open(Path text, Arena arena, LongConsumer progress) {
        if (end < 0) {
            throw new ModelFormatException(text + ": expected a tokenizer with an id that ends a document, "
                    + DocumentFile.SEPARATOR + " or another, found none");
        }
        byte[] hash = hash(text);
        Path sibling = text.resolveSibling(text.getFileName() + SUFFIX);
        Path elsewhere = userCache.resolve(
                HexFormat.of().formatHex(sha256(text.toAbsolutePath().normalize().toString()), 0, 16) + SUFFIX);
        Cached cached = map(sibling, hash, arena);
        cached = cached == null ? map(elsewhere, hash, arena) : cached;
        cached = cached == null ? map(make(text, sibling, elsewhere, hash, progress), hash, arena) : cached;
        if (cached == null) {
            throw new ModelFormatException(
                    text + ": another process replaced its cached token ids meanwhile: try again");
        }
        return cached;
    }

    /**
     * Returns the ids in {@code file}, or null if it is missing, unreadable, damaged, or has another source than
     * {@code hash}.
     */
    private Cached map(Path file, byte[] hash, Arena arena) {
        if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
            return null;
        }
        try (InputStream in = Files.newInputStream(file)) {
            ByteBuffer header = ByteBuffer.wrap(in.readNBytes(HEADER)).order(ByteOrder.LITTLE_ENDIAN);
            long bytes = Files.size(file) - HEADER;
            int highest = bytes <= 0 ? -1 : header.getInt(HIGHEST);
            if (highest < 0 || highest >= tokenizer.size() || bytes % width != 0
                    || !header.equals(header(bytes / width, highest, hash))) {
                return null;
            }
            return new Cached(new MappedIds(file, FileBytes.load(file, arena).asSlice(HEADER), 0, width), highest);
        } catch (IOException e) {
            throw FileBytes.failed(file, "cannot be read", e);
        }
    }

    private ByteBuffer header(long count, int highest, byte[] hash) {
        return ByteBuffer.allocate(HEADER).order(ByteOrder.LITTLE_ENDIAN).put(MAGIC).putInt(VERSION).putInt(width)
                .putLong(count).putInt(highest).putInt(0).put(hash).flip();
    }

    private Path make(Path text, Path sibling, Path elsewhere, byte[] hash, LongConsumer progress) {
        Replacement file = place(text, sibling, elsewhere);
        try (DocumentFile documents = DocumentFile.open(text)) {
            file.write(out -> {
                out.position(HEADER);
                DocumentEncoder.Written ids =
                        new DocumentEncoder(tokenizer, end, width).write(documents, out, progress);
                if (ids.count() == 0) {
                    throw DocumentFile.none(text);
                }
                if (!Arrays.equals(hash(text), hash)) {
                    throw new ModelFormatException(
                            text + ": the file changed while it was read: try again when nothing writes to it");
                }
                out.position(0);
                FileBytes.write(out, header(ids.count(), ids.highest(), hash));
            });
        } catch (IOException e) {
            throw FileBytes.failed(file.target(), "cannot be written", e);
        }
        return file.target();
    }

    private Replacement place(Path text, Path sibling, Path elsewhere) {
        boolean unreadable = Files.exists(sibling) && !Files.isReadable(sibling); // only its owner may read it
        if (!unreadable) {
            try {
                return Replacement.of(sibling, true);
            } catch (IOException _) { // fall through to the user's cache
            }
        }
        try {
            Files.createDirectories(userCache);
            return Replacement.of(elsewhere, true);
        } catch (IOException e) {
            throw FileBytes.failed(text, "its token ids can be written neither next to it nor to " + userCache
                    + " (XDG_CACHE_HOME selects another folder)", e);
        }
    }

    private byte[] hash(Path text) {
        try {
            BasicFileAttributes attributes = Files.readAttributes(text, BasicFileAttributes.class);
            return sha256(String.join("\n", text.getFileName().toString(), String.valueOf(attributes.size()),
                    attributes.lastModifiedTime().toString(), fingerprint));
        } catch (IOException e) {
            throw FileBytes.failed(text, "cannot be read", e);
        }
    }

    private static byte[] sha256(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }
}
