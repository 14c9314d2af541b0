package io.github.t6j.chat.rerank;

import io.github.t6j.Model;
import io.github.t6j.ModelFormatException;
import io.github.t6j.tokenizer.Tokenizer;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Prompt that Qwen3-Reranker was trained with, and the ids of its answers. The texts come from
 * <a href="https://huggingface.co/Qwen/Qwen3-Reranker-0.6B">its model card</a>, whose score is the probability of "yes"
 * among "yes" and "no" as the next token. As in the card, the parts before and after the texts are encoded apart.
 */
final class RerankPrompt {
    /** Instruction of the model card. */
    static final String INSTRUCTION = "Given a web search query, retrieve relevant passages that answer the query";

    private static final String BEFORE =
            "<|im_start|>system\nJudge whether the Document meets the requirements based on"
                    + " the Query and the Instruct provided. Note that the answer can only be \"yes\" or \"no\"."
                    + "<|im_end|>\n<|im_start|>user\n";
    private static final String AFTER = "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n";

    private final Tokenizer tokenizer;
    private final int[] before;
    private final int[] after;
    private final int yes;
    private final int no;

    /** @throws ModelFormatException if a mark of the prompt or an answer is not one token of the model */
    RerankPrompt(Model model) {
        this(model.tokenizer(), model.path().toString());
    }

    /** @param where name of the model in errors */
    RerankPrompt(Tokenizer tokenizer, String where) {
        this.tokenizer = tokenizer;
        for (String mark : List.of("<|im_start|>", "<|im_end|>", "<think>", "</think>")) {
            id(mark, where);
        }
        before = tokenizer.encodeWithSpecialTokens(BEFORE);
        after = tokenizer.encodeWithSpecialTokens(AFTER);
        yes = id("yes", where);
        no = id("no", where);
    }

    private int id(String token, String where) {
        int[] ids = tokenizer.encodeWithSpecialTokens(token);
        if (ids.length != 1) {
            throw ModelFormatException.unsupported(where + ": expected a reranker with the tokens of Qwen3-Reranker,"
                    + " found a tokenizer without the token " + token
                    + ": choose a reranker, such as Qwen/Qwen3-Reranker-0.6B");
        }
        return ids[0];
    }

    /** Returns the id of the answer that a text is relevant. */
    int yes() {
        return yes;
    }

    /** Returns the id of the answer that a text is not relevant. */
    int no() {
        return no;
    }

    /** Returns the ids that the model reads to judge a text; special tokens are not read from the arguments. */
    int[] ids(String instruction, String query, String text) {
        int[] asked = tokenizer.encode("<Instruct>: " + instruction + "\n<Query>: " + query + "\n<Document>: " + text);
        return IntStream.concat(IntStream.concat(IntStream.of(before), IntStream.of(asked)), IntStream.of(after))
                .toArray();
    }
}
