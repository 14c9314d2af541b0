package io.github.t6j.cli.hub;

import io.github.t6j.cli.hub.Http.Answer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.function.LongConsumer;

/**
 * One file on its way into the cache's blobs: goes on where an earlier try stopped, checks size and hash, and takes its
 * name in one step. Not for use by several threads.
 *
 * <p>A continued file is asked for by Range alone: If-Range would need the ETag of the server that the hub sends to, which is
 * not the blob's name. What shows that the parts belong together is the hub's X-Linked-Etag, the size, and the hash.
 */
final class BlobDownload {
    private final Hub hub;
    private final ModelName name;
    private final String commit;
    private final RemoteFile file;
    private final Path blob;
    private final Path partial;
    private final LongConsumer moved;
    private final Hash hash;
    private final byte[] piece = new byte[1 << 17];
    private long at;

    /**
     * @param file with its id
     * @param moved is told how many bytes more there are, or fewer where some are thrown away
     */
    BlobDownload(Hub hub, ModelName name, String commit, RemoteFile file, Path blob, LongConsumer moved) {
        this.hub = hub;
        this.name = name;
        this.commit = commit;
        this.file = file;
        this.blob = blob;
        this.partial = partialOf(blob);
        this.moved = moved;
        this.hash = new Hash(file);
    }

    /** Not the name that Python's library appends to, whose locks Java cannot take; it too removes what ends so. */
    static Path partialOf(Path blob) {
        return blob.resolveSibling(blob.getFileName() + ".t6j.incomplete");
    }

    /** Whether the blob is there, as far as its size tells. */
    static boolean isThere(Path blob, RemoteFile file) throws IOException {
        return Files.isRegularFile(blob) && (file.size() < 0 || Files.size(blob) == file.size());
    }

    /** Gets it, unless another process has meanwhile; the caller has the lock. */
    void run() throws IOException, InterruptedException {
        Files.createDirectories(blob.getParent());
        try (FileChannel channel = FileChannel.open(partial, StandardOpenOption.CREATE, StandardOpenOption.READ,
                StandardOpenOption.WRITE)) {
            readEarlier(channel);
            String found = fetch(channel);
            if (!found.equals(file.id()) && at > 0) { // perhaps the earlier part was damaged
                hub.note(file.path() + ": expected " + hash.name() + " " + file.id() + ", found " + found
                        + ": getting it once more");
                restart(channel);
                found = fetch(channel);
            }
            if (!found.equals(file.id())) {
                restart(channel);
                throw new HubException(file.path() + ": expected " + hash.name() + " " + file.id() + ", found "
                        + found + ": the hub, or what is between, damages the file: pull again later");
            }
            channel.force(true);
        }
        Files.move(partial, blob, StandardCopyOption.ATOMIC_MOVE);
    }

    private void readEarlier(FileChannel channel) throws IOException, InterruptedException {
        if (file.size() >= 0 && channel.size() > file.size()) {
            channel.truncate(0);
        }
        for (int n = channel.read(ByteBuffer.wrap(piece), at); n > 0; n = channel.read(ByteBuffer.wrap(piece), at)) {
            add(n);
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
        }
    }

    private void add(int count) {
        hash.update(piece, count);
        at += count;
        moved.accept(count);
    }

    private void restart(FileChannel channel) throws IOException {
        channel.truncate(0);
        hash.restart();
        moved.accept(-at);
        at = 0;
    }

    /** @return the hash of all bytes */
    private String fetch(FileChannel channel) throws IOException, InterruptedException {
        Retries retries = hub.retries(file.path());
        boolean whole = at == file.size();
        while (!whole) {
            whole = retries.run(() -> part(channel, retries));
        }
        return hash.end();
    }

    /** Whether the file is whole, after one answer. */
    private boolean part(FileChannel channel, Retries retries) throws IOException, InterruptedException {
        try (Answer answer = hub.open(file, name, commit, at)) {
            checkTag(answer);
            if (answer.status() == 416 || at > 0 && !goesOn(answer)) {
                restart(channel);
                if (answer.status() != 200) {
                    throw new TryLater("expected bytes from there on, found status " + answer.status(), null);
                }
            }
            checkLength(answer);
            for (int n = answer.body().read(piece); n >= 0; n = answer.body().read(piece)) {
                if (file.size() >= 0 && at + n > file.size()) {
                    restart(channel);
                    throw new HubException(file.path() + ": expected " + file.size() + " bytes, found more");
                }
                write(channel, n);
                add(n);
                if (n > 0) {
                    retries.progressed();
                }
            }
        }
        if (file.size() >= 0 && at < file.size()) {
            throw new TryLater("expected " + file.size() + " bytes, found the end after " + at, null);
        }
        return true;
    }

    private void checkTag(Answer answer) throws HubException {
        String tag = answer.tag();
        boolean linked = answer.hub().firstValue("X-Linked-Etag").isPresent();
        if ((linked || answer.here()) && tag != null && !tag.equals(file.id())) {
            throw new HubException(
                    file.path() + ": expected the ETag " + file.id() + ", as the hub lists it, found " + tag
                            + ": the file has changed: pull again");
        }
    }

    /** Whether the answer begins where the file ends so far. */
    private boolean goesOn(Answer answer) {
        String range = answer.headers().firstValue("Content-Range").orElse("");
        return answer.status() == 206 && range.startsWith("bytes " + at + "-")
                && (range.endsWith("/" + file.size()) || range.endsWith("/*") || file.size() < 0);
    }

    private void checkLength(Answer answer) throws HubException {
        long length = answer.headers().firstValueAsLong("Content-Length").orElse(-1);
        if (length >= 0 && file.size() >= 0 && at + length != file.size()) {
            throw new HubException(file.path() + ": expected " + file.size() + " bytes, as the hub lists it, found "
                    + (at + length) + ": pull again later");
        }
    }

    private void write(FileChannel channel, int count) throws IOException {
        try {
            ByteBuffer bytes = ByteBuffer.wrap(piece, 0, count);
            while (bytes.hasRemaining()) {
                channel.write(bytes, at + bytes.position());
            }
        } catch (ClosedByInterruptException e) {
            throw e;
        } catch (IOException e) {
            throw new HubException(partial + ": cannot be written: " + e.getMessage(), e);
        }
    }
}
