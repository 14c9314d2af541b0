/**
 * Text to ids and back, by byte-pair encoding: GPT-2's, and that of the models of Llama, Mistral, Qwen and SmolLM.
 *
 * <p>A text's way: {@link io.github.t6j.tokenizer.Tokenizer} cuts out the added tokens (AddedTokens), rewrites the rest
 * (Normalizer, Metaspace), writes it as UTF-8 and hands it to BytePairEncoding. That cuts it into pieces (Splitters, one
 * class for each regular expression) and looks each up among the words (WordTable) or merges its symbols, which are
 * bytes or characters (Symbols, Merger, MergeTable). The way back joins what the ids stand for (Vocabulary), at once or,
 * for text that is still being generated, id by id ({@link io.github.t6j.tokenizer.TokenStream}): bytes (ByteDecoder)
 * or characters (CharacterDecoder).
 *
 * <p>TokenizerDefinition is what the files say, part by part. TokenizerFiles finds them; TokenizerJson reads a
 * tokenizer.json, with one class for each of its parts, and TokenizerConfig what a tokenizer_config.json adds. Another
 * format needs no more than to make a definition: {@code byteLevel} or {@code sentencePiece}, of lists of tokens and of
 * merges or scores.
 */
package io.github.t6j.tokenizer;
