package io.github.t6j.cli.train;

import io.github.t6j.ModelFormatException;
import io.github.t6j.chat.Conversation;
import io.github.t6j.chat.ConversationEncoder;
import io.github.t6j.chat.ConversationEncoder.Encoded;
import io.github.t6j.chat.template.ChatTemplate;
import io.github.t6j.cli.Main;
import io.github.t6j.cli.generate.Line;
import io.github.t6j.cli.hub.Sizes;
import io.github.t6j.cli.io.CommandFailure;
import io.github.t6j.cli.io.Progress;
import io.github.t6j.tokenizer.Tokenizer;
import io.github.t6j.training.Documents;
import io.github.t6j.training.TokenData;
import io.github.t6j.training.TokenData.ScoredDocument;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;

/** Reader of the conversations of --chat, and of additional texts, into documents of a run's context length. */
final class ChatData {
    /** Divisor of the share of the conversations that is held out, without --valid. */
    private static final int HELD_OUT = 20;

    /** Conversations that are rendered at once, on all cores. */
    private static final int BATCH = 256;
    private static final String SEPARATOR = "<|endoftext|>";

    private final Main main;
    private final Tokenizer tokenizer;
    private final ConversationEncoder encoder;
    private final int longest; // ids of a document
    private final int vocabulary; // of the model
    private final Part training = new Part();
    private final Part validation = new Part();
    private final List<Conversation> held = new ArrayList<>();
    private Read last; // conversation to train on with a turn that fits in the context, or null

    /** Documents to train or to validate on, and numbers that describe them. */
    private static final class Part {
        private final List<ScoredDocument> documents = new ArrayList<>();
        private long conversations;
        private long answers;
        private long tokens;
        private long splits;
        private long leftOut;

        void add(Encoded encoded) {
            encoded.documents()
                    .forEach(document -> documents.add(new ScoredDocument(document.ids(), document.scored())));
            conversations++;
            answers += encoded.answers();
            tokens += encoded.tokens();
            splits += encoded.splits();
            leftOut += encoded.leftOut();
        }

        /** Removes a conversation; those after it have no documents. */
        void remove(Encoded encoded) {
            documents.subList(documents.size() - encoded.documents().size(), documents.size()).clear();
            conversations--;
            answers -= encoded.answers();
            tokens -= encoded.tokens();
            splits -= encoded.splits();
            leftOut -= encoded.leftOut();
        }
    }

    /** A conversation and its documents, or what is wrong with it. */
    private record Read(Conversation conversation, Encoded encoded, ModelFormatException wrong) {}

    private ChatData(Main main, Tokenizer tokenizer, ChatTemplate template, int context, int vocabulary) {
        this.vocabulary = vocabulary;
        this.main = main;
        this.tokenizer = tokenizer;
        encoder = new ConversationEncoder(tokenizer, template, context);
        longest = context + 1;
    }

    /**
     * Opens the data of a run.
     *
     * @param texts texts to train on in addition to the conversations
     * @param valid conversations to validate on, or null to hold out the last ones
     * @param vocabulary number of ids of the model
     * @param answers maximum number of answers to compare at a validation
     */
    static TrainingText open(
            Main main, List<Path> chats, List<Path> texts, Path valid, Tokenizer tokenizer, ChatTemplate template,
            int context, int vocabulary, int answers) {
        ChatData data = new ChatData(main, tokenizer, template, context, vocabulary);
        data.read(chats, valid);
        data.checkFits(chats, data.training);
        if (valid == null && data.validation.documents.isEmpty()) {
            data.holdOutAnother(chats);
        }
        data.checkFits(valid == null ? chats : List.of(valid), data.validation);
        data.readTexts(texts);
        data.printCounts();
        TokenData all = TokenData.of(data.training.documents, context);
        TokenData held = TokenData.of(data.validation.documents, context);
        Map<String, Object> counts = data.counts();
        counts.put(TrainLog.ASKED, (long) answers);
        Questions questions = new Questions(data.encoder, data.held, answers, counts);
        return new TrainingText(all, all, held, questions);
    }

    private void read(List<Path> chats, Path valid) {
        if (valid != null) {
            read(List.of(valid), 0);
        }
        long count = 0;
        for (Path file : chats) {
            long lines = count(file);
            if (lines == 0) {
                throw new CommandFailure(file + ": expected a conversation in each line, found none");
            }
            count += lines;
        }
        if (valid == null && count < 2) {
            throw new CommandFailure(chats.getFirst() + ": expected at least two conversations, one of which is held"
                    + " out for validation, found one: give more, or --valid FILE");
        }
        read(chats, valid == null ? count - Math.max(1, count / HELD_OUT) : count);
        if (validation.conversations == 0) {
            throw new CommandFailure((valid == null ? chats.getFirst() : valid)
                    + ": expected a conversation in each line, found none");
        }
    }

    /** Returns the number of lines that are not blank. */
    private static long count(Path file) {
        long count = 0;
        try (LineReader reader = new LineReader(file)) {
            while (reader.next() != null) {
                count++;
            }
        }
        return count;
    }

    /** Reads files; the conversations from number {@code first} on are held out. */
    private void read(List<Path> files, long first) {
        long number = 0;
        try (Progress progress = new Progress(main, "rendering conversations")) {
            for (Path file : files) {
                try (LineReader reader = new LineReader(file)) {
                    for (List<Line> batch = reader.next(BATCH); !batch.isEmpty(); batch = reader.next(BATCH)) {
                        for (Read result : batch.parallelStream().map(this::read).toList()) {
                            if (result.wrong != null) {
                                throw result.wrong;
                            }
                            boolean trained = number++ < first;
                            (trained ? training : validation).add(result.encoded);
                            boolean fits = !result.encoded.documents().isEmpty();
                            if (fits && trained) {
                                last = result;
                            } else if (fits) {
                                addQuestion(result.conversation);
                            }
                        }
                        long done = number;
                        progress.print(done + " …");
                        if (Thread.currentThread().isInterrupted()) {
                            throw new CancellationException(file + ": interrupted while reading");
                        }
                    }
                }
            }
        }
    }

    private void addQuestion(Conversation conversation) {
        if (conversation.lastAnswer() > 0) {
            held.add(conversation);
        }
    }

    /** Holds out the last training conversation that fits in the context, since no held-out one does. */
    private void holdOutAnother(List<Path> chats) {
        if (training.documents.size() == last.encoded.documents().size()) {
            throw new CommandFailure(chats.getFirst() + ": expected at least two conversations with a turn that fits in"
                    + " the context of " + (longest - 1) + " tokens, one of which is held out for validation, found one"
                    + " among " + (training.conversations + validation.conversations)
                    + ": use a larger --context, give more, or --valid FILE");
        }
        training.remove(last.encoded);
        validation.add(last.encoded);
        addQuestion(last.conversation);
    }

    private Read read(Line line) {
        try {
            Conversation conversation = Conversation.parse(line.text(), line.where());
            Encoded encoded = encoder.encode(conversation, line.where());
            encoded.documents().forEach(document -> checkIds(document.ids(), line.where()));
            return new Read(conversation, encoded, null);
        } catch (ModelFormatException wrong) {
            return new Read(null, null, wrong); // the first one in the file is reported
        }
    }

    private void checkIds(int[] ids, String where) {
        for (int id : ids) {
            if (id >= vocabulary) {
                throw new ModelFormatException(where + ": expected ids below " + vocabulary
                        + ", the model's vocabulary, found " + id + ", which is \"" + tokenizer.decode(id)
                        + "\": use the tokenizer and the template that the model was trained with");
            }
        }
    }

    private void checkFits(List<Path> files, Part part) {
        if (part.documents.isEmpty()) {
            throw new CommandFailure(files.getFirst() + ": expected a conversation whose turn fits in the context of "
                    + (longest - 1) + " tokens, found none among " + part.conversations + ": use a larger --context"
                    + (part == validation ? " or another --valid FILE" : ""));
        }
    }

    /** Adds texts in pieces of the context length; all their tokens count. */
    private void readTexts(List<Path> texts) {
        if (texts.isEmpty()) {
            return;
        }
        int[] separator = tokenizer.encodeWithSpecialTokens(SEPARATOR);
        int end = separator.length == 1 ? separator[0] : tokenizer.endOfText();
        if (end < 0) {
            throw new CommandFailure("--data: expected a tokenizer with an id that ends a document, found none");
        }
        long[] number = {0};
        try (Progress progress = new Progress(main, "tokenising")) {
            Documents.read(texts, text -> {
                int[] ids = document(tokenizer, text, end, number[0]++);
                checkIds(ids, "--data");
                for (int from = 0; from < ids.length - 1; from += longest - 1) {
                    int[] piece = Arrays.copyOfRange(ids, from, Math.min(ids.length, from + longest));
                    boolean[] scored = new boolean[piece.length];
                    Arrays.fill(scored, true);
                    training.documents.add(new ScoredDocument(piece, scored));
                }
            }, share -> progress.update(share, 1));
        }
    }

    /**
     * Returns the ids of text number {@code number}. The texts begin in turn as an empty prompt, from which their first
     * word is to be predicted, and as the prompt that {@code generate} would make of them. A model that met one form
     * only misreads the first word of the other.
     */
    static int[] document(Tokenizer tokenizer, String text, int end, long number) {
        int[] prompt = tokenizer.encodePrompt(text);
        int start = tokenizer.documentStart();
        boolean isWithStart = number % 2 == 0 && (prompt.length == 0 || prompt[0] != start);
        IntStream before = isWithStart ? IntStream.of(start) : IntStream.empty();
        return IntStream.concat(IntStream.concat(before, IntStream.of(prompt)), IntStream.of(end)).toArray();
    }

    private void printCounts() {
        main.note(Sizes.count(training.conversations) + " conversations to train on, "
                + Sizes.count(training.answers) + " answers of " + Sizes.count(training.tokens) + " tokens; "
                + Sizes.count(validation.conversations) + " to validate on");
        long splits = training.splits + validation.splits;
        long leftOut = training.leftOut + validation.leftOut;
        if (splits > 0) {
            main.note("note: conversations longer than the context were split " + Sizes.count(splits) + " times");
        }
        if (leftOut > 0) {
            main.note("note: " + Sizes.count(leftOut)
                    + " answers are left out, because their turn is longer than the context of "
                    + Sizes.count(longest - 1) + " tokens: use a larger --context");
        }
        if (encoder.format().endOfTurn().isEmpty()) {
            main.note("note: the chat template writes no special token of this tokenizer after an answer, so the model"
                    + " does not learn to end one");
        }
    }

    /** Returns numbers for the log. */
    private Map<String, Object> counts() {
        Map<String, Object> counts = new LinkedHashMap<>();
        counts.put("conversations", training.conversations);
        counts.put("answers", training.answers);
        counts.put("answer_tokens", training.tokens);
        counts.put("splits", training.splits);
        counts.put("left_out_answers", training.leftOut);
        counts.put("validation_conversations", validation.conversations);
        return counts;
    }
}
