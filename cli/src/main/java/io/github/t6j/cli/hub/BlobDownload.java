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
 * Download of one file into the cache's blobs: continues after the bytes of an earlier attempt, checks size and hash,
 * and renames the file in one step. Only one thread may use it.
 *
 * <p>A continued file is requested by Range alone. If-Range would need the ETag of the server that the hub redirects
 * to, which is not the blob's name. The hub's X-Linked-Etag, the size and the hash show that the parts belong together.
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
     * @param file file with its id
     * @param moved receives the number of new bytes, negative for discarded ones
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

    /**
     * Returns the path of the partial file. Its name differs from the one that Python's library appends to, whose locks
     * Java cannot take; that library also removes files with this ending.
     */
    static Path partialOf(Path blob) {
        return blob.resolveSibling(blob.getFileName() + ".t6j.incomplete");
    }

    /** Returns true if the blob exists and has the right size. */
    static boolean isComplete(Path blob, RemoteFile file) throws IOException {
        return Files.isRegularFile(blob) && (file.size() < 0 || Files.size(blob) == file.size());
    }

    /** Downloads the file, unless another process has done so; the caller holds the lock. */
    void run() throws IOException, InterruptedException {
        Files.createDirectories(blob.getParent());
        try (FileChannel channel = FileChannel.open(partial, StandardOpenOption.CREATE, StandardOpenOption.READ,
                StandardOpenOption.WRITE)) {
            readEarlier(channel);
            String found = fetch(channel);
            if (!found.equals(file.id()) && at > 0) { // the earlier part may be damaged
                hub.note(file.path() + ": expected " + hash.name() + " " + file.id() + ", found " + found
                        + ": downloading it again");
                restart(channel);
                found = fetch(channel);
            }
            if (!found.equals(file.id())) {
                restart(channel);
                throw new HubException(file.path() + ": expected " + hash.name() + " " + file.id() + ", found "
                        + found + ": the hub or the network damages the file: pull again later");
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
            add(n); // begins counted these bytes
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
        }
    }

    private void add(int count) {
        hash.update(piece, count);
        at += count;
    }

    private void restart(FileChannel channel) throws IOException {
        channel.truncate(0);
        hash.restart();
        moved.accept(-at);
        at = 0;
    }

    /** @return hash of all bytes */
    private String fetch(FileChannel channel) throws IOException, InterruptedException {
        Retries retries = hub.retries(file.path());
        boolean whole = at == file.size();
        while (!whole) {
            whole = retries.run(() -> part(channel, retries));
        }
        return hash.end();
    }

    /** Downloads until one answer ends. @return true if the file is complete */
    private boolean part(FileChannel channel, Retries retries) throws IOException, InterruptedException {
        try (Answer answer = hub.open(file, name, commit, at)) {
            checkTag(answer);
            if (answer.status() == 416 || at > 0 && !continuesFile(answer)) {
                restart(channel);
                if (answer.status() != 200) {
                    throw new RetryableException("expected the rest of the file, found status " + answer.status(),
                            null);
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
                moved.accept(n);
                if (n > 0) {
                    retries.progressed();
                }
            }
        }
        if (file.size() >= 0 && at < file.size()) {
            throw new RetryableException("expected " + file.size() + " bytes, found the end after " + at, null);
        }
        return true;
    }

    private void checkTag(Answer answer) throws HubException {
        String tag = answer.tag();
        boolean linked = answer.hub().firstValue("X-Linked-Etag").isPresent();
        if (!linked && !answer.here() || tag == null || tag.equals(file.id())) {
            return;
        }
        if (!linked && hash.isKnown()) {
            hub.noteOtherTags(); // the hash of the bytes decides
        } else {
            throw new HubException(
                    file.path() + ": expected the ETag " + file.id() + " from the hub's list, found " + tag
                            + ": the file has changed: pull again");
        }
    }

    /** Returns true if the answer begins at the end of the partial file. */
    private boolean continuesFile(Answer answer) {
        String range = answer.headers().firstValue("Content-Range").orElse("");
        return answer.status() == 206 && range.startsWith("bytes " + at + "-")
                && (range.endsWith("/" + file.size()) || range.endsWith("/*") || file.size() < 0);
    }

    private void checkLength(Answer answer) throws HubException {
        long length = answer.headers().firstValueAsLong("Content-Length").orElse(-1);
        if (length >= 0 && file.size() >= 0 && at + length != file.size()) {
            throw new HubException(file.path() + ": expected " + file.size() + " bytes as in the hub's list, found "
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
