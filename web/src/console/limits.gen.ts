// Generated from docs/openapi.json by `npm run generate`.
export const LIMITS = {
  "NewProduct": {
    "description": {
      "maxLength": 4000,
      "pattern": "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$"
    },
    "name": {
      "maxLength": 200,
      "minLength": 1,
      "pattern": "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$"
    }
  },
  "NewSale": {
    "reason": {
      "maxLength": 500,
      "pattern": "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$"
    },
    "stock": {
      "maximum": 10000000,
      "minimum": 0
    },
    "unit_limit": {
      "maximum": 100,
      "minimum": 1
    }
  },
  "Price": {
    "amount_minor": {
      "maximum": 4294967295,
      "minimum": 0
    },
    "currency": {
      "pattern": "^[A-Z]{3}$"
    }
  },
  "Restock": {
    "reason": {
      "maxLength": 500,
      "pattern": "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$"
    },
    "stock": {
      "maximum": 10000000,
      "minimum": 0
    },
    "version": {
      "minimum": 0
    }
  },
  "ChangedTerms": {
    "reason": {
      "maxLength": 500,
      "pattern": "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$"
    },
    "unit_limit": {
      "maximum": 100,
      "minimum": 1
    }
  },
  "Why": {
    "reason": {
      "maxLength": 500,
      "pattern": "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$"
    }
  }
} as const;
