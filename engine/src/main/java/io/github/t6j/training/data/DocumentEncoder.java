package io.github.t6j.training.data;

import io.github.t6j.tokenizer.Tokenizer;
import io.github.t6j.training.data.DocumentFile.Document;
import io.github.t6j.training.data.FileParts.Part;
import io.github.t6j.weights.FileBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.LongConsumer;

/**
 * Writes the token ids of a file's documents, each followed by the end-of-document id. A pool of threads tokenises
 * batches of documents; the caller's thread reads the batches and writes their ids in order.
 */
final class DocumentEncoder {
    private static final int BATCH_BYTES = 1 << 20;
    private static final int THREADS = Runtime.getRuntime().availableProcessors();

    private final Tokenizer tokenizer;
    private final int end;
    private final int width;
    private final Deque<Batch> waiting = new ArrayDeque<>();
    private long count;
    private int highest;

    /**
     * Batch of documents that a thread tokenises.
     *
     * @param ids token ids of each document
     * @param done bytes of the file up to the end of the last document
     */
    private record Batch(Future<List<int[]>> ids, long done) {}

    /** Ids that were written. */
    record Written(long count, int highest) {}

    /**
     * @param end end-of-document id
     * @param width bytes of an id: 2 or 4
     */
    DocumentEncoder(Tokenizer tokenizer, int end, int width) {
        this.tokenizer = tokenizer;
        this.end = end;
        this.width = width;
    }

    /**
     * Writes the ids of all documents.
     *
     * @param progress receives the number of bytes of the file that are done
     * @return number of ids, and the highest of them
     * @throws CancellationException if the thread is interrupted
     */
    Written write(DocumentFile documents, FileChannel out, LongConsumer progress) throws IOException {
        ExecutorService threads = Executors.newFixedThreadPool(
                THREADS, Thread.ofPlatform().daemon().name("t6j-tokenise-", 0).factory());
        try {
            for (List<Part> next = documents.next(BATCH_BYTES); !next.isEmpty(); next = documents.next(BATCH_BYTES)) {
                List<Part> parts = next;
                waiting.add(new Batch(threads.submit(() -> encode(documents, parts)), documents.done()));
                if (waiting.size() > 2 * THREADS) {
                    writeFirst(out, progress);
                }
            }
            while (!waiting.isEmpty()) {
                writeFirst(out, progress);
            }
            return new Written(count, highest);
        } finally {
            threads.shutdownNow();
        }
    }

    /** Returns the ids of each document, followed by its end-of-document id. */
    private List<int[]> encode(DocumentFile documents, List<Part> parts) {
        List<int[]> ids = new ArrayList<>();
        for (Part part : parts) {
            Document document = documents.document(part);
            if (document != null) {
                ids.add(tokenizer.encode(document.text()));
                ids.add(document.ends() ? new int[] {end} : new int[0]);
            }
        }
        return ids;
    }

    private void writeFirst(FileChannel out, LongConsumer progress) throws IOException {
        Batch batch = waiting.remove();
        for (int[] ids : get(batch.ids)) {
            ByteBuffer bytes = ByteBuffer.allocate(width * ids.length).order(ByteOrder.LITTLE_ENDIAN);
            for (int id : ids) {
                if (width == 2) {
                    bytes.putShort((short) id);
                } else {
                    bytes.putInt(id);
                }
                highest = Math.max(highest, id);
            }
            FileBytes.write(out, bytes.flip());
            count += ids.length;
        }
        progress.accept(batch.done);
    }

    private static List<int[]> get(Future<List<int[]>> batch) {
        try {
            return batch.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted while tokenising");
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case RuntimeException failure -> throw failure;
                case Error error -> throw error;
                default -> throw new AssertionError("tokenising throws no checked exception", e);
            }
        }
    }
}
