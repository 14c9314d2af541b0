package io.github.t6j.chat;

import io.github.t6j.Generation;
import io.github.t6j.Prompt;
import io.github.t6j.chat.internal.AnswerParser;
import io.github.t6j.schedule.GenerationHandle;
import io.github.t6j.schedule.Scheduler;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;

/** Answer that a scheduler generates together with others; its parts are received on the calling thread. */
final class ScheduledAnswer {
    private final Scheduler scheduler;
    private final PromptFormat format;
    private final String client;
    private final BlockingQueue<Optional<String>> pieces = new LinkedBlockingQueue<>(); // empty at the end

    ScheduledAnswer(Scheduler scheduler, PromptFormat format, String client) {
        this.scheduler = scheduler;
        this.format = format;
        this.client = client;
    }

    /** Returns the answer to the last of {@code messages}. An interrupt of the thread ends it; the status stays set. */
    Answer answer(List<Message> messages, ChatOptions options, AnswerListener listener) {
        boolean begins = messages.getFirst().role() == Role.SYSTEM;
        ContextWindow.Prompt prompt = new ContextWindow(format, scheduler.contextLength()).prompt(
                begins ? messages.getFirst().content() : null, messages.subList(begins ? 1 : 0, messages.size()),
                options);
        AnswerParser parser = format.newParser(prompt.text(), messages, options, listener);
        GenerationHandle handle = scheduler.submit(
                Prompt.of(prompt.ids()).withClient(client), format.generating(prompt.text(), options), token -> {
                    pieces.add(Optional.of(token.text()));
                    return true;
                });
        handle.result().whenComplete((_, _) -> pieces.add(Optional.empty()));
        receive(handle, parser);
        return answer(result(handle), parser.finish(), handle.cachedTokens(), prompt.dropped());
    }

    private void receive(GenerationHandle handle, AnswerParser parser) {
        boolean interrupted = false;
        try {
            Optional<String> piece = Optional.of("");
            while (piece.isPresent()) {
                parser.append(piece.get());
                try {
                    piece = pieces.take();
                } catch (InterruptedException stopped) {
                    interrupted = true;
                    handle.cancel();
                    piece = Optional.of("");
                }
            }
        } catch (RuntimeException | Error failure) { // of the listener
            handle.cancel();
            throw failure;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static Generation result(GenerationHandle handle) {
        try {
            return handle.result().join();
        } catch (CompletionException failed) {
            if (failed.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw failed;
        }
    }

    private static Answer answer(Generation all, Message message, int cached, int dropped) {
        Generation fed = new Generation(all.text(), all.tokens(), all.finishReason(), all.promptTokens() - cached,
                all.seed(), all.prefillTime(), all.decodeTime(), all.drafts());
        return new Answer(message, fed, cached, dropped, 0);
    }
}
