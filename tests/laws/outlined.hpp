// The laws of the merge of texts.
#pragma once

/// @return whether they hold
bool check_outlined();
