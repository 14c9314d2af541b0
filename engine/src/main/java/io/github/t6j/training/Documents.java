package io.github.t6j.training;

import io.github.t6j.ModelFormatException;
import io.github.t6j.training.DocumentFile.Document;
import io.github.t6j.training.FileParts.Part;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import java.util.function.DoubleConsumer;

/**
 * The documents of text files. A file is UTF-8, where {@code <|endoftext|>} or the file's end ends a document; or JSONL, an
 * object a line whose {@code text} is a document. JSONL is a file NAME.jsonl, or one whose first line is such an object.
 * Documents of nothing but white space are left out. A document of plain text that is longer than 4 MiB comes in pieces,
 * cut at ends of lines where there are any. A byte order mark at a file's beginning is no part of its text.
 */
public final class Documents {
    private Documents() {}

    /**
     * Reads files, one after the other. No more of them is held than a document.
     *
     * @param reader is given each document, in their order
     * @param progress is told, on the calling thread, which share of the files is done, from 0 to 1
     * @throws ModelFormatException if a file is no text, or holds no document; it names the file, and the place
     * @throws java.io.UncheckedIOException if one cannot be read
     * @throws CancellationException if the thread is interrupted
     */
    public static void read(List<Path> files, Consumer<String> reader, DoubleConsumer progress) {
        FileProgress all = new FileProgress(files, progress);
        for (Path file : files) {
            if (TokenShard.is(file, DocumentFile.beginning(file))) {
                throw new ModelFormatException(file + ": expected text, found token ids: give the text itself");
            }
            read(file, reader, all);
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
