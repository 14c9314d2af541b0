package io.github.t6j.cli.generate;

import io.github.t6j.Generation;
import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.Token;
import io.github.t6j.chat.PromptFormat;
import io.github.t6j.schedule.Event;
import io.github.t6j.schedule.Scheduler;
import io.github.t6j.schedule.Ticket;
import java.util.Map;

/** Lines of {@code generate --prompts}. */
final class PromptLines implements LineWork {
    private final Model model;
    private final PromptFormat format;
    private final GenerationOptions options;
    private final long seed; // of the first line; each line's seed is one more

    /** @param options options with a seed */
    PromptLines(Model model, PromptFormat format, GenerationOptions options) {
        this.model = model;
        this.format = format;
        this.options = options;
        seed = options.sampling().seed();
    }

    @Override
    public String name() {
        return "generating";
    }

    @Override
    public boolean isResult(Map<String, Object> found) {
        return found.containsKey("text");
    }

    @Override
    public Finish begin(Line text, long index, Map<String, Object> result, Scheduler scheduler) {
        PromptLine line = new PromptLine(text.where(), text.fields());
        if (line.id() != null) {
            result.put("id", line.id());
        }
        Ticket ticket = new Ticket();
        GenerationOptions own = options.withSampling(options.sampling().withSeed(seed + index));
        scheduler.submit(line.request(model, format, own), ticket);
        return into -> finish(ticket, into);
    }

    private static void finish(Ticket ticket, Map<String, Object> result) throws InterruptedException {
        Event event = ticket.next();
        while (event instanceof Event.Chosen) { // the end event has all tokens
            event = ticket.next();
        }
        switch (event) {
            case Event.Ended(int _, Generation generation, int _) -> {
                result.put("text", generation.text());
                result.put("finish_reason", GenerationPrinter.reason(generation));
                result.put("tokens", generation.tokens().stream().map(Token::id).toList());
                result.put("prompt_tokens", generation.promptTokens());
                result.put("seed", generation.seed());
            }
            case Event.Failed(int _, RuntimeException cause) -> throw cause;
            default -> throw new IllegalStateException("expected a generation's end, found " + event);
        }
    }
}
