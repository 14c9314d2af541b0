package io.github.t6j.training;

import io.github.t6j.ModelFormatException;
import io.github.t6j.training.data.DocumentFile;
import io.github.t6j.training.data.DocumentFile.Document;
import io.github.t6j.training.data.FileParts.Part;
import io.github.t6j.training.data.FileProgress;
import io.github.t6j.training.data.TokenShard;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import java.util.function.DoubleConsumer;

/**
 * Reader of the documents of text files. A file is plain UTF-8 text, in which {@code <|endoftext|>} or the end of the
 * file ends a document; or JSONL, with one object per line whose {@code text} is a document. A file is JSONL if its
 * name ends with .jsonl or its first line is such an object. Blank documents are skipped. A document of plain text
 * longer than 4 MiB is delivered in pieces, cut at line ends if possible. A byte order mark at the beginning of a file
 * is skipped.
 */
public final class Documents {
    private Documents() {}

    /**
     * Reads files one after the other, with at most one document in memory.
     *
     * @param reader receives the documents in order
     * @param progress receives, on the calling thread, the fraction of the files that is done, from 0 to 1
     * @throws ModelFormatException if a file is not text or contains no document; the message names the file and the
     *     place
     * @throws java.io.UncheckedIOException if a file cannot be read
     * @throws CancellationException if the thread is interrupted
     */
    public static void read(List<Path> files, Consumer<String> reader, DoubleConsumer progress) {
        Objects.requireNonNull(files, "files");
        Objects.requireNonNull(reader, "reader");
        Objects.requireNonNull(progress, "progress");
        FileProgress all = new FileProgress(files, progress);
        for (Path file : files) {
            try {
                if (TokenShard.is(file, DocumentFile.beginning(file))) {
                    throw new ModelFormatException(file + ": expected text, found token ids: give the original text");
                }
                read(file, reader, all);
            } catch (ModelFormatException wrong) {
                throw wrong.of(file);
            }
        }
    }

    private static void read(Path file, Consumer<String> reader, FileProgress all) {
        boolean found = false;
        try (DocumentFile documents = DocumentFile.open(file)) {
            for (Part part = documents.next(); part != null; part = documents.next()) {
                Document document = documents.document(part);
                if (document != null && !document.text().isEmpty()) {
                    reader.accept(document.text());
                    found = true;
                }
                all.update(documents.done());
            }
        }
        if (!found) {
            throw DocumentFile.none(file);
        }
        all.finish(file);
    }
}
