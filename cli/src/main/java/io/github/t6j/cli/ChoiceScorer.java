package io.github.t6j.cli;

import io.github.t6j.Model;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.sampling.Sampler;
import io.github.t6j.tokenizer.Tokenizer;
import java.util.Arrays;

/**
 * Log-likelihoods of choices after their context, by lm-evaluation-harness' rules: context and choice are tokenised
 * together, and the choice is what follows as many ids as the context has alone; an empty context is {@code
 * <|endoftext|>}, or what else documents begin with; what does not fit is cut from the left.
 */
final class ChoiceScorer implements AutoCloseable {
    private final Tokenizer tokenizer;
    private final Session session; // holds a context, which is fed once for all choices
    private int[] held = new int[0];

    ChoiceScorer(Model model, SessionOptions options) {
        tokenizer = model.tokenizer();
        session = model.newSession(options);
    }

    /** A sum of natural logarithms a choice. */
    double[] logLikelihoods(Question question) {
        double[] sums = new double[question.choices().size()];
        for (int choice = 0; choice < sums.length; choice++) {
            sums[choice] = logLikelihood(question, choice);
        }
        return sums;
    }

    private double logLikelihood(Question question, int choice) {
        String text = question.contextStripped();
        String continuation = question.continuation(choice);
        int[] context = tokenizer.encode(text);
        int[] whole = tokenizer.encode(text + continuation);
        int[] scored = Arrays.copyOfRange(whole, Math.min(context.length, whole.length), whole.length);
        if (context.length == 0) {
            context = new int[] {documentStart(question)};
        }
        int room = session.contextLength();
        if (scored.length == 0 || scored.length > room) {
            throw new CommandFailure(question.where() + ": choices: expected texts of 1 to " + room
                    + " tokens, the model's context, found " + scored.length + " at index " + choice);
        }
        // the last id is not fed: nothing is asked after it
        int kept = Math.min(context.length, room - (scored.length - 1));
        double sum = logLikelihood(Arrays.copyOfRange(context, context.length - kept, context.length), scored);
        if (!Double.isFinite(sum)) {
            throw new CommandFailure(
                    question.where() + ": choices: expected log-likelihoods, found " + sum + " at index "
                            + choice + "; the model produced it: are its weights damaged?");
        }
        return sum;
    }

    private int documentStart(Question question) {
        if (tokenizer.documentStart() < 0) {
            throw new CommandFailure(
                    question.where() + ": context: expected a text, found none, and the tokenizer has no"
                            + " <|endoftext|> to stand for it");
        }
        return tokenizer.documentStart();
    }

    private double logLikelihood(int[] context, int[] scored) {
        if (!Arrays.equals(context, held)) {
            session.truncate(0);
            session.prefill(context);
            held = context;
        }
        double[] sum = {Sampler.logProbability(session.logits(), scored[0])};
        if (scored.length > 1) {
            try (Session fork = session.fork()) {
                fork.prefill(
                        Arrays.copyOf(scored, scored.length - 1),
                        (position, logits) -> sum[0] += Sampler.logProbability(
                                logits, scored[position - context.length + 1]));
            }
        }
        return sum[0];
    }

    @Override
    public void close() {
        session.close();
    }
}
