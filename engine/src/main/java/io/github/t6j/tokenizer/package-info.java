/**
 * Text to ids and back: GPT-2's byte-level byte-pair encoding.
 *
 * <p>A text's way: {@link io.github.t6j.tokenizer.Tokenizer} cuts out the added tokens (AddedTokens), writes the rest
 * as UTF-8 (Utf8), cuts it into pieces as GPT-2's regular expression does (PreTokenizer), and merges the bytes of each
 * piece into ids (BytePairEncoding). The way back joins the bytes of the ids (Vocabulary) and decodes them (Utf8Decoder),
 * at once or, for text that is still being generated, id by id ({@link io.github.t6j.tokenizer.TokenStream}).
 * TokenizerDefinition is what the files say, TokenizerFiles reads them.
 */
package io.github.t6j.tokenizer;
