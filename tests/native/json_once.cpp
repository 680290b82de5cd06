#include "json_once.hpp"

HOLDFAST_JSON_ONCE()
