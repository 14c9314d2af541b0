package io.github.t6j.training.data;

import io.github.t6j.tokenizer.Tokenizer;
import io.github.t6j.training.data.DocumentFile.Document;
import io.github.t6j.training.data.FileParts.Part;
import io.github.t6j.weights.FileBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import java.util.stream.Gatherers;
import java.util.stream.Stream;

/**
 * Writes the token ids of a file's documents, each followed by the end-of-document id. Other threads tokenise batches
 * of documents; the caller's thread reads the batches and writes their ids in order.
 *
 * @param end end-of-document id
 * @param width bytes of an id: 2 or 4
 */
record DocumentEncoder(Tokenizer tokenizer, int end, int width) {
    private static final int BATCH_BYTES = 1 << 20;
    private static final int MAX_BATCHES = 2 * Runtime.getRuntime().availableProcessors();

    /**
     * Tokenised batch.
     *
     * @param ids token ids of each document
     * @param done bytes of the file up to the end of the last document
     */
    private record Batch(List<int[]> ids, long done) {}

    /** Ids that were written. */
    record Written(long count, int highest) {}

    /**
     * Writes the ids of all documents.
     *
     * @param progress receives the number of bytes of the file that are done
     * @return number of ids, and the highest of them
     * @throws CancellationException if the thread is interrupted
     */
    Written write(DocumentFile documents, FileChannel out, LongConsumer progress) throws IOException {
        Iterator<Batch> batches = Stream.iterate(next(documents), Objects::nonNull, _ -> next(documents))
                .gather(Gatherers.<Supplier<Batch>, Batch>mapConcurrent(MAX_BATCHES, Supplier::get)).iterator();
        long count = 0;
        int highest = 0;
        try {
            while (batches.hasNext()) {
                Batch batch = batches.next();
                for (int[] ids : batch.ids) {
                    highest = Math.max(highest, write(ids, out));
                    count += ids.length;
                }
                progress.accept(batch.done);
            }
        } catch (RuntimeException failure) {
            if (failure.getCause() instanceof OutOfMemoryError error) { // of a thread that tokenises
                throw error;
            }
            throw failure;
        }
        return new Written(count, highest);
    }

    /** Returns the tokenising of the next batch, or null at the end of the file. */
    private Supplier<Batch> next(DocumentFile documents) {
        List<Part> parts = documents.next(BATCH_BYTES);
        long done = documents.done();
        return parts.isEmpty() ? null : () -> new Batch(encode(documents, parts), done);
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

    /** Returns the highest of {@code ids}, or 0. */
    private int write(int[] ids, FileChannel out) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(width * ids.length).order(ByteOrder.LITTLE_ENDIAN);
        int highest = 0;
        for (int id : ids) {
            if (width == 2) {
                bytes.putShort((short) id);
            } else {
                bytes.putInt(id);
            }
            highest = Math.max(highest, id);
        }
        FileBytes.write(out, bytes.flip());
        return highest;
    }
}
