package io.github.t6j.cli.chat;

import io.github.t6j.FinishReason;
import io.github.t6j.Model;
import io.github.t6j.Session;
import io.github.t6j.chat.Answer;
import io.github.t6j.chat.AnswerListener;
import io.github.t6j.chat.ChatSession;
import io.github.t6j.chat.internal.ConversationFile;
import io.github.t6j.cli.Main;
import io.github.t6j.cli.generate.Stats;
import io.github.t6j.cli.io.Errors;
import io.github.t6j.cli.io.Output;
import io.github.t6j.cli.io.Spinner;
import io.github.t6j.cli.io.TerminalColumns;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.Function;

/** Runs the turns of a chat, and prints their answers and errors. */
final class ChatTurns {
    private final Main main;
    private final Model model;
    private final Session session;
    private final ChatSession chat;
    private final ChatSettings settings;
    private final Path file; // the conversation's, or null
    private final boolean stats;
    private Answer last; // null before the first

    ChatTurns(Main main, Model model, ChatSession chat, ChatSettings settings, Path file, boolean stats) {
        this.main = main;
        this.model = model;
        this.session = chat.session();
        this.chat = chat;
        this.settings = settings;
        this.file = file;
        this.stats = stats;
    }

    /** Sends {@code message} and prints the answer. @return an exit code */
    int send(String message) {
        return turn(listener -> chat.send(message, settings.options(), listener));
    }

    /** Prints another answer to the last message. @return an exit code */
    int regenerate() {
        return turn(listener -> chat.regenerate(settings.options(), listener));
    }

    private int turn(Function<AnswerListener, Answer> call) {
        try (Spinner waiting = new Spinner(main, "reading the message");
                TerminalColumns columns = new TerminalColumns(main)) {
            AnswerPrinter printer = new AnswerPrinter(main, waiting, columns);
            last = call.apply(printer);
            printer.end();
        } catch (Output.Broken | CancellationException e) {
            throw e;
        } catch (RuntimeException e) {
            main.note(Errors.line(e));
            return Main.FAILED;
        }
        note(last);
        if (stats) {
            stats().forEach(main.err::println);
        }
        if (file != null && !main.interrupted) {
            ConversationFile.write(file, chat.messages());
        }
        return last.isStopped() ? Main.INTERRUPTED : Main.DONE;
    }

    private void note(Answer answer) {
        if (answer.dropped() > 0) {
            main.note("note: the context of " + session.contextLength() + " tokens was full; the oldest "
                    + (answer.dropped() == 1 ? "turn was" : answer.dropped() + " turns were") + " dropped");
        }
        if (answer.generation().finishReason() == FinishReason.CONTEXT_FULL) {
            main.note("note: the answer ends because the context of " + session.contextLength()
                    + " tokens is full; use a larger --context for longer answers");
        }
    }

    /** Returns lines with the speed of the last answer, its drafts, the size of the conversation, and the kernels. */
    List<String> stats() {
        String context = "context   " + session.position() + " of " + session.contextLength() + " tokens";
        String cache = "cache     " + Stats.cache(
                session.usedCacheBytes(), session.position(), session.cacheType(), model.info());
        if (last == null) {
            return List.of(context, cache, Stats.kernels(model.info()));
        }
        List<String> lines = new ArrayList<>(List.of(
                "prompt    " + Stats.speed(last.generation().promptTokens(), last.generation().prefillTime()) + "; "
                        + last.cached() + " more were in the cache",
                "decode    " + Stats.speed(last.generation().tokens().size(), last.generation().decodeTime()),
                "seed      " + last.generation().seed(),
                context, cache, Stats.kernels(model.info())));
        lines.addAll(2, Stats.drafts(List.of(last.generation()), settings.options().generation()));
        return lines;
    }
}
